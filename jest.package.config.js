import base from './jest.config.js';

/**
 * What is published, as its users get it, `npm run package`: packed, installed into scratch projects, compiled and run there. Apart from the other
 * specs, because npm and its registry are needed.
 *
 * @type {import('jest').Config}
 */
export default {
  ...base,
  testMatch: ['<rootDir>/spec/package/*.spec.ts'],
  testPathIgnorePatterns: [],
  globalSetup: '<rootDir>/spec/package/setup.mjs',
  testTimeout: 120_000,
};
