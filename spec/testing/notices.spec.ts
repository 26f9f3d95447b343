import { afterEach, describe, expect, it } from '@jest/globals';
import type { LeaseStore } from 'rx-leader';
import { MemoryLeaseStore } from 'rx-leader/testing';
import type { Notice } from '../../lib/port/lease-store.js';
import { keysOf } from '../../lib/redis/keys.js';
import { redisStore } from '../../lib/redis/store.js';
import { acquire, KEY, read, release, renew } from '../redis/ask.js';
import { leaveAll, listen } from '../redis/listening.js';
import { useRedis } from '../redis/use-redis.js';
import { until } from '../support/until.js';

const redis = useRedis();
const { lease } = keysOf(KEY);
afterEach(leaveAll);

/** A store, with ways to lose the election's lease or to put another's. */
interface Stage {
  readonly store: LeaseStore;
  loseLease(): Promise<unknown>;
  putLease(id: string): Promise<unknown>;
}

const TTL = 60_000;

const stages: Record<string, () => Stage> = {
  'in Redis': () => ({
    store: redisStore(redis.client),
    loseLease: () => redis.client.del(lease),
    putLease: (id) => redis.client.set(lease, id, { PX: TTL }),
  }),
  'in memory': () => {
    const store = new MemoryLeaseStore();
    return {
      store,
      loseLease: async () => store.evict(KEY, 'lease'),
      putLease: async (id) => store.put(KEY, id, TTL),
    };
  },
};

/** Actions with their expected notices: the kind of each notice and its id. */
const CASES: Record<string, [act: (stage: Stage) => Promise<unknown>, told: string[]]> = {
  'a grant': [({ store }) => acquire(store, { data: 'http://me' }), ['elected me']],
  'a grant that is repeated': [({ store }) => acquire(store).then(() => acquire(store)), ['elected me']],
  'a request that is refused': [
    ({ store }) => acquire(store).then(() => acquire(store, { id: 'other' })),
    ['elected me'],
  ],
  'a request that comes too late': [({ store }) => acquire(store, { notAfter: 1 }), []],
  'a request that finds traces of a loss': [({ store }) => acquire(store, { lastToken: 7 }), []],
  'a renewal': [({ store }) => acquire(store).then(() => renew(store)), ['elected me']],
  'a renewal that puts the lease back': [
    async ({ store, loseLease }) => {
      const { token } = await acquire(store);
      await loseLease();
      await renew(store, { token: token ?? 0 });
    },
    ['elected me'],
  ],
  'a release': [({ store }) => acquire(store).then(() => release(store)), ['elected me', 'released me']],
  'a release that is repeated': [
    ({ store }) =>
      acquire(store)
        .then(() => release(store))
        .then(() => release(store)),
    ['elected me', 'released me'],
  ],
  'a release of what was lost': [
    async ({ store, loseLease }) => {
      await acquire(store);
      await loseLease();
      await release(store);
    },
    ['elected me', 'released me'],
  ],
  'a release of what was lost to another': [
    async ({ store, putLease }) => {
      await acquire(store);
      await putLease('foreign');
      await release(store);
    },
    ['elected me', 'released me'],
  ],
  'a release by a holder that writes no record': [
    async ({ store, putLease }) => {
      await putLease('foreign');
      await release(store, 'foreign');
    },
    ['released foreign'],
  ],
  'a release of another’s lease': [({ store }) => acquire(store).then(() => release(store, 'other')), ['elected me']],
  'a release of nothing': [({ store }) => release(store), []],
  'an attempt at a lease that is longer than a ttl': [
    async ({ store, putLease }) => {
      await putLease('foreign');
      await acquire(store, { ttl: TTL / 10 });
    },
    ['cut foreign'],
  ],
  'a look': [({ store }) => read(store), []],
};

const shown = (notice: Notice) => {
  if (notice.kind === 'elected') return `elected ${notice.holder.id}`;
  return notice.kind === 'released' || notice.kind === 'cut' ? `${notice.kind} ${notice.id}` : notice.kind;
};

describe.each(Object.entries(stages))('notices %s', (_, set) => {
  it.each(Object.entries(CASES).map(([name, [act, told]]) => [name, told, act] as const))(
    'of %s: %j',
    async (_name, told, act) => {
      const stage = set();
      const listener = listen(stage.store);
      await listener.hears('listening');
      await act(stage);
      // Published after everything else, so that no notice is still in flight.
      await stage.putLease('the end');
      await release(stage.store, 'the end');
      await until(() => listener.heard.map(shown).includes('released the end'));
      expect(listener.heard.map(shown)).toEqual(['listening', ...told, 'released the end']);
    },
  );

  it('of a grant name the holder as a read does, with the whole ttl left', async () => {
    const { store } = set();
    const listener = listen(store);
    await listener.hears('listening');
    await acquire(store, { ttl: TTL, data: 'http://me' });
    await listener.hears('elected');
    const reply = await read(store);
    if (reply.status !== 'held') throw new Error('nobody holds it');
    const holder = { ...reply.holder, expiresIn: TTL };
    expect(listener.heard[1]).toEqual({ kind: 'elected', holder });
  });
});
