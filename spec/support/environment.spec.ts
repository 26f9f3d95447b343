import { execFile } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';

interface Report {
  success: boolean;
  numPassedTests: number;
  testResults: { message: string }[];
}

/** Runs jest with this project's configuration on one file that is not a spec otherwise. */
function runJest(file: string): Promise<Report> {
  const args = ['node_modules/jest/bin/jest.js', '--runInBand', '--json', '--testMatch', `<rootDir>/${file}`];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { timeout: 15_000, killSignal: 'SIGKILL' }, (error, stdout) => {
      if (stdout === '') reject(error);
      else resolve(JSON.parse(stdout));
    });
  });
}

describe('the environment of the specs', () => {
  it('fails a file that leaves something open, and names that and nothing else', async () => {
    const report = await runJest('spec/support/fixtures/leaky.ts');
    expect(report.numPassedTests).toBe(1);
    expect(report.success).toBe(false);
    expect(report.testResults[0]?.message).toMatch(/leaves open: 1 Timeout\n/);
  });
});
