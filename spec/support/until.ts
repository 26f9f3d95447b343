// Shared with the chaos run, which is no spec.
export * from '../../scripts/support/until.js';
