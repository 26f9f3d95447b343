import { availableParallelism } from 'node:os';
import base from './jest.config.js';

/**
 * Every client and topology, `npm run clients`: real servers, sentinels and clusters, in real time. Apart from the other specs, because of how
 * long that takes, nearly all of it waiting, so that many files run side by side: half as many on one core.
 *
 * @type {import('jest').Config}
 */
export default {
  ...base,
  testMatch: ['<rootDir>/spec/clients/**/*.spec.ts'],
  testPathIgnorePatterns: [],
  maxWorkers: Math.min(8, 4 * availableParallelism()),
};
