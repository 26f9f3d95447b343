export {
  type LeaseStoreSuiteOptions,
  type LeaseStoreUnderTest,
  leaseStoreSuite,
} from './lease-store-suite.js';
export { MemoryLeaseStore, type MemoryLeaseStoreOptions, type StoreCopy } from './memory-lease-store.js';
export type { LeaseRecord } from './model.js';
