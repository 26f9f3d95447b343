import { describe, expect, it } from '@jest/globals';
import { type LeaseStore, quorum } from 'rx-leader';
import { MemoryLeaseStore } from 'rx-leader/testing';
import { firstValueFrom, from, type ObservableInput } from 'rxjs';
import type { AcquireRequest, LeaseReply } from '../../lib/port/lease-store.js';

const REQUEST = {
  verb: 'acquire',
  key: 'k',
  ttl: 10_000,
  timeout: 1_000,
  name: 'n',
  lastToken: 0,
  coldStart: 'elect',
} as const;

const once = <Reply extends LeaseReply>(reply: ObservableInput<Reply>): Promise<Reply> => firstValueFrom(from(reply));

describe('one store of a quorum', () => {
  it('that has lost its data is detected by a candidate that was refused there before (G1)', async () => {
    const stores = [new MemoryLeaseStore(), new MemoryLeaseStore(), new MemoryLeaseStore()] as const;
    const [first, second, third] = stores;
    const acquire = (id: string, store: Pick<LeaseStore, 'acquire'>, lastToken = 0) =>
      once(store.acquire({ ...REQUEST, id, lastToken } satisfies AcquireRequest));
    const release = (id: string, store: MemoryLeaseStore) => once(store.release({ ...REQUEST, verb: 'release', id }));

    // Each store has granted to another candidate, so that nobody has a majority.
    for (const [i, store] of stores.entries()) await acquire(`rival ${i}`, store);
    const candidate = quorum([...stores]);
    const split = await acquire('me', candidate);
    expect(split).toMatchObject({ status: 'suspect', token: expect.any(Number) });
    for (const [i, store] of stores.entries()) await release(`rival ${i}`, store);

    // One candidate leads at the first and the second, and the second then forgets it.
    for (const store of [first, second]) await acquire('leader', store);
    second.restart();
    expect(await acquire('me', candidate, split.token)).not.toMatchObject({ status: 'granted' });
    expect(second.lease('k')).toBeUndefined();
    expect(third.lease('k')?.id).not.toBe('leader');
  });
});
