import { describe, expect, it } from '@jest/globals';
import type { LeaseStore } from '../../lib/index.js';
import { type LeaseStoreUnderTest, leaseStoreSuite, MemoryLeaseStore } from '../../lib/testing/index.js';
import { type Defect, defects } from './defects.js';

/** Runs the suite on a store with `defect`. Returns all cases and the failed ones. */
async function examine(defect: Defect = () => ({})): Promise<{ cases: string[]; failed: string[] }> {
  const failed: string[] = [];
  const runs: Array<readonly [string, () => Promise<void>]> = [];
  leaseStoreSuite({ test: (name, run) => runs.push([name, run]), open: async () => opened(defect) });
  for (const [name, run] of runs) await run().catch(() => failed.push(name));
  return { cases: runs.map(([name]) => name), failed };
}

function opened(defect: Defect): LeaseStoreUnderTest {
  let now = 0;
  const sound = new MemoryLeaseStore({ clock: { now: () => now } });
  const store: LeaseStore = {
    acquire: (request) => sound.acquire(request),
    renew: (request) => sound.renew(request),
    release: (request) => sound.release(request),
    read: (request) => sound.read(request),
    ...defect(sound),
  };
  return {
    store,
    elapse: async (ms) => {
      now += ms;
    },
    put: async (key, id, ttl) => sound.put(key, id, ttl),
    loseLease: async (key) => sound.evict(key, 'lease'),
    flush: async () => sound.flush(),
  };
}

describe('leaseStoreSuite', () => {
  it('passes a store without a defect', async () => {
    const { cases, failed } = await examine();
    expect(failed).toEqual([]);
    expect(cases.length).toBeGreaterThan(20);
    expect(new Set(cases).size).toBe(cases.length);
  });

  it.each(Object.keys(defects))('detects a store that %s', async (name) => {
    const { failed } = await examine(defects[name]);
    expect(failed).not.toEqual([]);
  });

  it('has no case that cannot fail', async () => {
    const results = await Promise.all(Object.values(defects).map((defect) => examine(defect)));
    const caught = new Set(results.flatMap(({ failed }) => failed));
    expect(results[0]?.cases.filter((name) => !caught.has(name))).toEqual([]);
  });

  it('closes what it opened, also after a failed case', async () => {
    let open = 0;
    let most = 0;
    const runs: Array<() => Promise<void>> = [];
    leaseStoreSuite({
      test: (_, run) => runs.push(run),
      open: async () => {
        most = Math.max(most, ++open);
        return { ...opened(defects['never grants'] as Defect), close: async () => void open-- };
      },
    });
    for (const run of runs) await run().catch(() => {});
    expect([open, most]).toEqual([0, 1]);
  });

  it('passes a case without a check if its hook is missing', async () => {
    const runs: Array<readonly [string, () => Promise<void>]> = [];
    const { store, elapse } = opened(() => ({}));
    leaseStoreSuite({
      test: (...run) => runs.push(run),
      open: async () => ({ store, elapse: (ms) => elapse?.(ms) as Promise<void> }),
    });
    for (const [, run] of runs) await expect(run()).resolves.toBeUndefined();
  });
});
