import { availableParallelism } from 'node:os';
import base from './jest.config.js';

/**
 * The fault matrix, `npm run faults`: real servers and processes, in real time. Apart from the other specs, because rows wait far
 * more than they compute, and so are run side by side: `maxWorkers` × `maxConcurrency` at a time, on two cores, and half as many on one.
 *
 * @type {import('jest').Config}
 */
export default {
  ...base,
  testMatch: ['<rootDir>/spec/faults/**/*.spec.ts'],
  testPathIgnorePatterns: [],
  testTimeout: 300_000,
  maxWorkers: Math.min(4, 2 * availableParallelism()),
  maxConcurrency: 2,
};
