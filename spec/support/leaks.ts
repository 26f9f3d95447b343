// Shared with the candidates' processes, which are no specs.
export * from '../../scripts/support/leaks.js';
