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

/** A leader, and those who stand by, each having asked a moment after the one before. */
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

/** Asks once, and is gone. */
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
  it('tells who stands by, who asked last first, with all that is known of each; not who leads', async () => {
    const { elections } = await standing('a', 'b', 'c');
    const told = elections[0]?.candidates();
    await pass(LATENCY);
    const id = (name: string) => expect.stringMatching(new RegExp(`^${name}/[0-9a-f]{32}$`));
    expect(await told).toEqual([
      { id: id('c'), name: 'c', data: 'http://c', lastSeen: new Date(21) },
      { id: id('b'), name: 'b', data: 'http://b', lastSeen: new Date(11) },
    ]);
  });

  it('tells it to whoever asks, standing or not, and stands for nobody by that', async () => {
    const { store } = await standing('a', 'b');
    const stranger = elect({ store, key: 'k', ...TIMES });
    const told = stranger.candidates();
    await pass(LATENCY);
    expect(await told).toEqual([expect.objectContaining({ name: 'b' })]);
    expect(stranger.role).toBeUndefined();
  });

  it('forgets at once who leaves', async () => {
    const { elections } = await standing('a', 'b', 'c');
    void elections[1]?.close();
    await pass(LATENCY);
    const told = elections[0]?.candidates();
    await pass(LATENCY);
    expect(await told).toEqual([expect.objectContaining({ name: 'c' })]);
  });

  it('forgets who has not asked for one and a half ttls', async () => {
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

  it('rejects with the error of a request that fails, and of a store that cannot tell', async () => {
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
  ])('rejects where the store tells of %s', async (_, candidates) => {
    const list = () => [{ status: 'listed', candidates }] as never;
    const odd = elect({ store: Object.assign(new ScriptedStore(), { list }), key: 'k', ...TIMES });
    await expect(odd.candidates()).rejects.toMatchObject({ code: 'STORE_REPLY' });
  });
});

describe('a hand-over', () => {
  it('is to the one who asked last, in two round trips; the others ask nobody', async () => {
    const { elections } = await standing('a', 'b', 'c', 'd');
    void elections[0]?.close();
    await pass(2 * LATENCY);
    expect(leaders(elections)).toEqual([elections[3]]);
    await pass(GRACE + 5 * LATENCY);
    expect(leaders(elections)).toEqual([elections[3]]);
  });

  it('is to another a quarter of a timeout later where that one is gone', async () => {
    const { store, elections } = await standing('a', 'b');
    stands(store, 'gone');
    await pass(LATENCY);
    void elections[0]?.close();
    await pass(GRACE - 1);
    expect(leaders(elections)).toEqual([]);
    await pass(1 + 2 * LATENCY);
    expect(leaders(elections)).toEqual([elections[1]]);
  });

  it('is to the one that resign({ to }) names', async () => {
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

  it('is to the one whose name resign({ to }) gives', async () => {
    const { elections } = await standing('a', 'b', 'c', 'd');
    const resigned = elections[0]?.resign({ to: 'b' });
    await pass(2 * LATENCY);
    expect(await resigned).toBe(true);
    expect(leaders(elections)).toEqual([elections[1]]);
  });

  it('is to the one that asked last of two with that name', async () => {
    const { elections } = await standing('a', 'b', 'b', 'd');
    void elections[0]?.resign({ to: 'b' });
    await pass(2 * LATENCY);
    expect(leaders(elections)).toEqual([elections[2]]);
  });

  it('is to anybody a quarter of a timeout later where resign names nobody who is there', async () => {
    const { elections } = await standing('a', 'b', 'c');
    void elections[0]?.resign({ to: 'nobody' });
    await pass(GRACE - 1);
    expect(leaders(elections)).toEqual([]);
    await pass(1 + 3 * LATENCY);
    expect(leaders(elections)).toHaveLength(1);
  });
});

describe('resign', () => {
  it.each([[null], [7]])('refuses %j as options', async (options) => {
    const { elections } = await standing('a');
    await expect(elections[0]?.resign(options as never)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining(
        'Invalid option "options": must be an object such as { cooldown, to }; received ',
      ),
    });
  });

  it.each([[''], [7], [null]])('refuses %j as who is to be next', async (to) => {
    const { elections } = await standing('a');
    await expect(elections[0]?.resign({ to: to as string })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringContaining('Invalid option "to": must be a non-empty string; received '),
    });
    expect(elections[0]?.isLeading).toBe(true);
  });
});
