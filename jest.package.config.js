import base from './jest.config.js';

/**
 * What is published, as its users get it, `npm run package`: packed, installed into scratch projects, compiled and run there. Apart from the other
 * specs, because npm and its registry are needed.
 *
 * @type {import('jest').Config}
 */
export default {
  ...base,
  testMatch: [
    '<rootDir>/spec/package/*.spec.ts',
    // The scripts and the store on Redis, as built.
    '<rootDir>/spec/redis/suite.spec.ts',
    '<rootDir>/spec/redis/scripts/*.spec.ts',
  ],
  moduleNameMapper: { '^.*/lib/(redis/.*)\\.js$': '<rootDir>/dist/cjs/$1.js', ...base.moduleNameMapper },
  testPathIgnorePatterns: [],
  globalSetup: '<rootDir>/spec/package/setup.mjs',
  testTimeout: 600_000,
};
