/**
 * A lease store in memory, and the suite that every lease store passes.
 *
 * @module rx-leader/testing
 */
export type { LeaseRecord } from '../port/rules/entry.js';
export {
  type LeaseStoreSuiteOptions,
  type LeaseStoreUnderTest,
  leaseStoreSuite,
} from './lease-store-suite.js';
export { MemoryLeaseStore, type MemoryLeaseStoreOptions, type StoreCopy } from './memory-lease-store.js';
