// Of its own, to be imported on demand: a CommonJS module that is bundled has no named exports
// there.
export { Cluster, Redis } from 'ioredis';
