import { availableParallelism } from 'node:os';

/** @type {import('jest').Config} */
export default {
  testEnvironment: '<rootDir>/spec/support/environment.mjs',
  roots: ['<rootDir>/spec'],
  testMatch: ['<rootDir>/spec/**/*.spec.ts'],
  // `npm run faults`, `npm run clients`, `npm run package` and `npm run docs:check`
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/spec/faults/',
    '<rootDir>/spec/clients/',
    '<rootDir>/spec/package/',
    '<rootDir>/spec/site/',
  ],
  // swc rather than tsc: `npm run types` checks types, the test run only has to strip them (and to compile
  // `await using` down for Node 20).
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: {
    // Sources import './x.js', as Node resolves it after the build; under test only './x.ts' exists.
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^rx-leader$': '<rootDir>/lib/index.ts',
    '^rx-leader/store$': '<rootDir>/lib/port/index.ts',
    '^rx-leader/testing$': '<rootDir>/lib/testing/index.ts',
  },
  injectGlobals: false,
  // `npm run coverage`. In-process alone: what programs of the specs run in processes of their own does not count.
  collectCoverageFrom: ['lib/**/*.ts'],
  coverageProvider: 'v8',
  coverageReporters: ['text-summary', 'lcov'],
  // What hangs is ended by it, and nothing that a slow machine has to compute. What is to be quick says so by itself, as a ratio to its ttl.
  testTimeout: 300_000,
  // One more than small machines have cores, since the specs wait a third of the time. Many more would make each other late: time is measured
  // against real servers.
  maxWorkers: Math.min(3, availableParallelism() + 1),
};
