// Shared with the demo, which is no spec.
export * from '../../scripts/support/redis.js';
