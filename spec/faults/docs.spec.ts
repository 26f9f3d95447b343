import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';

/** Every fault that the library is tested against. */
const FAULTS = [
  'Event-loop stall',
  'SIGSTOP beyond ttl',
  'suspend',
  'wall clock steps on either side',
  'clock-rate drift',
  'an uptime that is coarse or wrong',
  'hung and half-open connections (each direction by itself)',
  'promises that never settle',
  'queued acquires replayed after reconnect',
  'acquire reply lost',
  'reply later than ttl',
  'lease deleted or overwritten mid-term',
  'outage beyond ttl',
  'release racing a renew',
  'teardown slower than release',
  'failover losing the key',
  'failover to a replica that lags, under `replicated`',
  'two masters (bounded, documented)',
  'restart without persistence',
  'FLUSHALL',
  'eviction',
  'OOM',
  'READONLY',
  'LOADING',
  'MISCONF',
  'NOREPLICAS',
  'NOSCRIPT flushes',
  'NOAUTH/NOPERM',
  'MOVED/ASK',
  'WRONGTYPE',
  'kill -9',
  'exit without release',
  '10⁵ cycles',
  'a herd of followers',
  'hostnames and pids that repeat',
  'a successor that is gone',
  'notices forged, or in a flood',
];

interface Row {
  readonly fault: string;
  readonly specs: readonly string[];
}

/**
 * The rows of all tables of docs/reliability/faults.md: the fault comes first, its specs come last.
 */
function documented(): Row[] {
  const lines = readFileSync('docs/reliability/faults.md', 'utf8').split('\n');
  const rows = lines.filter((line) => line.startsWith('| ') && !/^\| (---|fault|case) /.test(line));
  return rows.map((line) => {
    const cells = line.slice(2, -2).split(' | ');
    return { fault: cells[0] ?? '', specs: cells.at(-1)?.split('<br>') ?? [] };
  });
}

/** The names of the specs in this folder, with a pattern for each placeholder. */
function written(): RegExp[] {
  const folder = path.resolve('spec/faults');
  const sources = readdirSync(folder).filter((file) => file.endsWith('.spec.ts'));
  return sources.flatMap((file) => {
    const source = readFileSync(path.join(folder, file), 'utf8');
    const names = source.matchAll(/\b(row|simulated|exception|it)\(\s*(['"`])(.+?)\2,/g);
    return [...names].map(([, by, , name = '']) => {
      const text = name.split(/\$\{\w+\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
      return new RegExp(`^${by === 'exception' ? 'exception: ' : ''}${text.join('.+')}$`);
    });
  });
}

describe('docs/reliability/faults.md', () => {
  it('has a row for every fault, once', () => {
    const faults = documented().map(({ fault }) => fault);
    for (const fault of FAULTS) expect(faults.filter((one) => one === fault)).toEqual([fault]);
  });

  it.each(documented().map(({ fault, specs }) => [fault, specs] as const))('names specs that exist: %s', (_, specs) => {
    const names = written();
    expect(specs.filter((spec) => !names.some((name) => name.test(spec)))).toEqual([]);
  });

  it('notices a name that no spec has', () => {
    expect(written().some((name) => name.test('a leader that is never wrong (G1)'))).toBe(false);
  });
});
