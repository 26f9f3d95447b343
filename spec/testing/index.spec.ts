import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import * as testing from 'rx-leader/testing';

const LIB = path.resolve('lib');

/** All files of lib that `file` imports, directly or not, itself included. */
function reached(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, target] of readFileSync(file, 'utf8').matchAll(/from '(\.{1,2}\/[^']+)\.js'/g)) {
    const imported = path.resolve(path.dirname(file), `${target}.ts`);
    expect(existsSync(imported)).toBe(true);
    reached(imported, seen);
  }
  return seen;
}

describe('rx-leader/testing', () => {
  it('exports exactly these values', () => {
    expect(Object.keys(testing).sort()).toEqual(['MemoryLeaseStore', 'leaseStoreSuite']);
  });

  it('imports neither the Redis store nor the election', () => {
    const files = [...reached(path.join(LIB, 'testing/index.ts'))].map((file) => path.relative(LIB, file)).sort();
    expect(files.filter((file) => !file.startsWith('testing/'))).toEqual([
      'clock/clock.ts',
      'clock/fake-timers.ts',
      'clock/uptime-offset.ts',
      'clock/wall-shift.ts',
      'port/errors.ts',
      'port/foreign-error.ts',
      'port/lease-store.ts',
      'port/limits.ts',
      'port/redact.ts',
      'port/rules.ts',
      'port/rules/acquire.ts',
      'port/rules/candidates.ts',
      'port/rules/entry.ts',
    ]);
  });

  it('is exported as both module formats', () => {
    const { exports, typesVersions } = JSON.parse(readFileSync('package.json', 'utf8'));
    const format = (name: string) => ({
      types: `./dist/${name}/testing/index.d.ts`,
      default: `./dist/${name}/testing/index.js`,
    });
    expect(exports['./testing']).toEqual({ import: format('esm'), require: format('cjs') });
    expect(typesVersions['*'].testing).toEqual([format('cjs').types]);
  });
});
