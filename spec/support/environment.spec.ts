import { execFile } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';

interface Report {
  numPassedTests: number;
  testResults: { name: string; status: string; message: string }[];
}

/** Runs jest with this project's configuration on files that are normally not specs. */
function runJest(pattern: string): Promise<Report> {
  const args = ['node_modules/jest/bin/jest.js', '--maxWorkers=2', '--json', '--testMatch', `<rootDir>/${pattern}`];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { timeout: 100_000, killSignal: 'SIGKILL' }, (error, stdout) => {
      if (stdout === '') reject(error);
      else resolve(JSON.parse(stdout));
    });
  });
}

describe('the environment of the specs', () => {
  it('fails a file that leaves a resource open, and only that file', async () => {
    const report = await runJest('spec/support/fixtures/{leaky,tidy}.ts');
    expect(report.numPassedTests).toBe(2);
    const byFile = Object.fromEntries(report.testResults.map((result) => [result.name.split('/').at(-1), result]));
    expect(byFile['tidy.ts']).toMatchObject({ status: 'passed' });
    expect(byFile['leaky.ts']).toMatchObject({ status: 'failed' });
    expect(byFile['leaky.ts']?.message).toMatch(/leaves open: 1 Timeout\n/);
  });
});
