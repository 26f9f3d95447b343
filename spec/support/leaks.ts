// Shared with the candidates' processes, which are no specs.
export * from '../../proof/processes/leaks.js';
