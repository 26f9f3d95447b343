// Shared with the chaos run, which is not a spec.
export * from '../../scripts/support/until.js';
