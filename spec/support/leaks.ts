// Shared with the candidates' processes, which are not specs.
export * from '../../proof/processes/leaks.js';
