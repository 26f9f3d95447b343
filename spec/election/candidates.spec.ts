import { describe, expect, it } from '@jest/globals';
import { type Election, elect } from '../../lib/index.js';
import { MemoryLeaseStore } from '../../lib/testing/index.js';
import { clock, pass, useFakeTime } from '../support/fake-time.js';
import { ScriptedStore } from '../support/scripted-store.js';

useFakeTime();

const TTL = 1_000;
const TIMES = { ttl: TTL, wait: TTL / 2, jitter: 0, timeout: TTL / 10, renewEvery: TTL / 4, clock };
const GRACE = TIMES.timeout / 4;
const LATENCY = 2;

/** A leader and its standing candidates, which asked one moment after the other. */
async function standing(...names: string[]): Promise<{ store: MemoryLeaseStore; elections: Election[] }> {
  const store = new MemoryLeaseStore({ clock, epoch: 0, latency: LATENCY });
  const elections: Election[] = [];
  for (const name of names) {
    const election = elect({ store, key: 'k', name, data: `http://${name}`, ...TIMES });
    election.subscribe();
    elections.push(election);
    await pass(10);
  }
  return { store, elections };
}

/** Asks once and then disappears. */
const stands = (store: MemoryLeaseStore, id: string) =>
  store
    .acquire({
      verb: 'acquire',
      key: 'k',
      id,
      name: id,
      ttl: TTL,
      timeout: TTL,
      lastToken: 0,
      coldStart: 'elect',
      hears: true,
    })
    .subscribe();

const leaders = (elections: readonly Election[]) => elections.filter(({ isLeading }) => isLeading);

describe('candidates()', () => {
  it('lists the standing candidates without the leader, latest attempt first, with all that is known of each', async () => {
    const { elections } = await standing('a', 'b', 'c');
    const told = elections[0]?.candidates();
    await pass(LATENCY);
    const id = (name: string) => expect.stringMatching(new RegExp(`^${name}/[0-9a-f]{32}$`));
    expect(await told).toEqual([
      { id: id('c'), name: 'c', data: 'http://c', lastSeen: new Date(21) },
      { id: id('b'), name: 'b', data: 'http://b', lastSeen: new Date(11) },
    ]);
  });

  it('works for any election, with or without a candidacy, and starts none', async () => {
    const { store } = await standing('a', 'b');
    const stranger = elect({ store, key: 'k', ...TIMES });
    const told = stranger.candidates();
    await pass(LATENCY);
    expect(await told).toEqual([expect.objectContaining({ name: 'b' })]);
    expect(stranger.role).toBeUndefined();
  });

  it('drops a candidate that leaves at once', async () => {
    const { elections } = await standing('a', 'b', 'c');
    void elections[1]?.close();
    await pass(LATENCY);
    const told = elections[0]?.candidates();
    await pass(LATENCY);
    expect(await told).toEqual([expect.objectContaining({ name: 'c' })]);
  });

  it('drops a candidate that has not asked for one and a half ttls', async () => {
    const { store, elections } = await standing('a', 'b', 'c');
    store.hang();
    void elections[1]?.close();
    await pass(TIMES.timeout);
    store.heal();
    await pass(1.6 * TTL);
    const told = elections[0]?.candidates();
    await pass(LATENCY);
    expect(await told).toEqual([expect.objectContaining({ name: 'c' })]);
  });

  it('rejects with the error of a failed request, and for a store without list', async () => {
    const { store, elections } = await standing('a');
    store.fail('STORE_DENIED');
    const failing = expect(elections[0]?.candidates()).rejects.toMatchObject({ code: 'STORE_DENIED' });
    await pass(LATENCY);
    await failing;
    store.hang();
    const silent = expect(elections[0]?.candidates()).rejects.toMatchObject({ code: 'STORE_TIMEOUT' });
    await pass(TIMES.timeout);
    await silent;
    const plain = elect({ store: new ScriptedStore(), key: 'k', ...TIMES });
    await expect(plain.candidates()).rejects.toMatchObject({
      code: 'STORE_REPLY',
      message: expect.stringContaining('This store cannot tell who stands by'),
    });
  });

  it.each<[string, unknown]>([
    ['no list', undefined],
    ['no candidate', [null]],
    ['a candidate without an id', [{ lastSeen: 5 }]],
    ['a candidate last seen nobody knows when', [{ id: 'a/1', lastSeen: 'today' }]],
    ['one such candidate among others', [{ id: 'a/1', lastSeen: 5 }, { id: 'b/1' }]],
  ])('rejects if the store replies with %s', async (_, candidates) => {
    const list = () => [{ status: 'listed', candidates }] as never;
    const odd = elect({ store: Object.assign(new ScriptedStore(), { list }), key: 'k', ...TIMES });
    await expect(odd.candidates()).rejects.toMatchObject({ code: 'STORE_REPLY' });
  });
});

describe('a hand-over', () => {
  it('goes to the candidate that asked last, in two round trips, and the others ask nothing', async () => {
    const { elections } = await standing('a', 'b', 'c', 'd');
    void elections[0]?.close();
    await pass(2 * LATENCY);
    expect(leaders(elections)).toEqual([elections[3]]);
    await pass(GRACE + 5 * LATENCY);
    expect(leaders(elections)).toEqual([elections[3]]);
  });

  it('goes to another candidate a quarter of a timeout later if the successor is gone', async () => {
    const { store, elections } = await standing('a', 'b');
    stands(store, 'gone');
    await pass(LATENCY);
    void elections[0]?.close();
    await pass(GRACE - 1);
    expect(leaders(elections)).toEqual([]);
    await pass(1 + 2 * LATENCY);
    expect(leaders(elections)).toEqual([elections[1]]);
  });

  it('goes to the id given as resign({ to })', async () => {
    const { elections } = await standing('a', 'b', 'c', 'd');
    const [a, b] = elections as [Election, Election];
    const listed = a.candidates();
    await pass(LATENCY);
    const to = (await listed).find(({ name }) => name === 'b')?.id ?? '';
    const stepped = a.resign({ to });
    await pass(2 * LATENCY);
    expect(await stepped).toBe(true);
    expect(leaders(elections)).toEqual([b]);
    expect(b.term?.id).toBe(to);
  });

  it('goes to the name given as resign({ to })', async () => {
    const { elections } = await standing('a', 'b', 'c', 'd');
    const resigned = elections[0]?.resign({ to: 'b' });
    await pass(2 * LATENCY);
    expect(await resigned).toBe(true);
    expect(leaders(elections)).toEqual([elections[1]]);
  });

  it('goes to the latest of two candidates with that name', async () => {
    const { elections } = await standing('a', 'b', 'b', 'd');
    void elections[0]?.resign({ to: 'b' });
    await pass(2 * LATENCY);
    expect(leaders(elections)).toEqual([elections[2]]);
  });

  it('goes to any candidate a quarter of a timeout later if resign names an absent one', async () => {
    const { elections } = await standing('a', 'b', 'c');
    void elections[0]?.resign({ to: 'nobody' });
    await pass(GRACE - 1);
    expect(leaders(elections)).toEqual([]);
    await pass(1 + 3 * LATENCY);
    expect(leaders(elections)).toHaveLength(1);
  });
});

describe('resign', () => {
  it.each([[null], [7]])('rejects %j as options', async (options) => {
    const { elections } = await standing('a');
    await expect(elections[0]?.resign(options as never)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(
        'Invalid option "options": must be an object such as { cooldown, to }; received ',
      ),
    });
  });

  it.each([[''], [7], [null]])('rejects %j as the successor', async (to) => {
    const { elections } = await standing('a');
    await expect(elections[0]?.resign({ to: to as string })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('Invalid option "to": must be a non-empty string; received '),
    });
    expect(elections[0]?.isLeading).toBe(true);
  });
});
