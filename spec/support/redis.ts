// Shared with the demo, which is not a spec.
export * from '../../scripts/support/redis.js';
