import base from './jest.config.js';

/**
 * The built site in a real browser, `npm run docs:check`. Apart from the other specs, because the site and Chromium are needed.
 *
 * @type {import('jest').Config}
 */
export default {
  ...base,
  testMatch: ['<rootDir>/spec/site/**/*.spec.ts'],
  testPathIgnorePatterns: [],
};
