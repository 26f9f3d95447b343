// Shared with the demo, which is not a spec.
export * from '../../scripts/support/guard.js';
