import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type Election, elect, observe, type Transition } from 'rx-leader';
import { firstValueFrom } from 'rxjs';
import { PACE } from '../support/pace.js';
import { type Client, type RedisServer, startRedis } from '../support/redis.js';
import { until } from '../support/until.js';
import { GoLeader } from './fixtures/go-leader.js';

const KEY = 'io.vito.myServiceName';
/** `leader:` + base32(sha1(KEY)), computed elsewhere and not by the library under test. */
const LEASE = 'leader:QIXXSNBBCT7UTX2L74L5P7DP6XIOD7MM';
const TTL = PACE * 2_000;
const WAIT = TTL / 10;
const TIMEOUT = (3 * TTL) / 20;
const SLACK = TTL / 2;

let server: RedisServer;
let redis: Client;
let go: GoLeader;
const elections: Election[] = [];

beforeAll(async () => {
  server = await startRedis();
  redis = await server.client();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await redis.flushAll();
  go = new GoLeader(redis, LEASE, TTL);
});

afterEach(async () => {
  await Promise.all(elections.splice(0).map((election) => election.close()));
});

/** A candidate of this library, with its transitions. */
function stand(wait = WAIT): { election: Election; told: Transition[] } {
  const election = elect({ redis, key: KEY, ttl: TTL, wait, jitter: 10, timeout: TIMEOUT });
  const told: Transition[] = [];
  elections.push(election);
  election.subscribe((transition) => told.push(transition));
  return { election, told };
}

const leads = ({ election }: { election: Election }) => until(() => election.term, { what: 'ours to lead' });

describe('a go-leader that holds the lease', () => {
  it('keeps this library’s candidate a follower that knows its id, and no token', async () => {
    expect(await go.acquire()).toBe(true);
    const { election, told } = stand();
    await until(() => told.length > 0);
    expect(told).toMatchObject([{ role: 'follower', reason: 'standby', leader: { id: go.id } }]);
    const holder = await firstValueFrom(election.leaders);
    expect(holder).toEqual({ id: go.id, expiresIn: expect.any(Number) });
    expect(holder?.expiresIn).toBeLessThanOrEqual(TTL);
    expect(await firstValueFrom(observe({ redis, key: KEY }))).toEqual({ id: go.id, expiresIn: expect.any(Number) });
  });

  it('is not disturbed: it renews for two ttls beside this library, which leaves no record (G1, G4)', async () => {
    await go.acquire();
    const { told } = stand();
    await until(() => told.length > 0);
    // go-leader renews every ttl / 2. Here it renews more often, so that a late timer does not
    // matter.
    const refused = until(async () => !(await go.renew()), { within: 2 * TTL, every: TTL / 5 });
    expect(await refused.catch(() => false)).toBe(false);
    expect(told).toHaveLength(1);
    expect(await redis.get(LEASE)).toBe(go.id);
    expect((await redis.keys('*')).sort()).toEqual([LEASE, `{${LEASE}}:candidates`]);
  });

  it('passes leadership to this library within a wait of its release, though it wrote no record (G5)', async () => {
    await go.acquire();
    const ours = stand();
    await until(() => ours.told.length > 0);
    expect(await go.release()).toBe(true);
    const released = performance.now();
    const { token } = await leads(ours);
    expect(performance.now() - released).toBeLessThan(WAIT + SLACK);
    expect(token).toBeGreaterThan(0);
  });

  it('passes leadership to this library when its lease expires, also with a far longer `wait` (G5)', async () => {
    await go.acquire();
    const begun = performance.now();
    const ours = stand(10 * TTL);
    await until(() => ours.told.length > 0);
    await leads(ours);
    expect(performance.now() - begun).toBeLessThan(TTL + SLACK);
  });

  it('takes the lease if the store has lost it, and this library emits lost with the new holder (G1, G4)', async () => {
    const ours = stand();
    await leads(ours);
    await redis.multi().del(LEASE).set(LEASE, go.id, { PX: TTL, NX: true }).exec();
    await until(() => ours.told.length > 1);
    expect(ours.told[1]).toMatchObject({ role: 'follower', reason: 'lost', leader: { id: go.id } });
    expect(await redis.get(LEASE)).toBe(go.id);
  });
});

describe('this library as the leader', () => {
  it('holds the key that go-leader asks for, with the id of its term, for at most a ttl', async () => {
    const term = await leads(stand());
    expect(await redis.get(LEASE)).toBe(term.id);
    expect(await redis.pTTL(LEASE)).toBeLessThanOrEqual(TTL);
  });

  it("blocks go-leader's acquire, renewal and release for two ttls (G1, G4)", async () => {
    const ours = stand();
    const { id } = await leads(ours);
    const got = async () => (await go.acquire()) || (await go.renew()) || (await go.release());
    expect(await until(got, { within: 2 * TTL, every: TTL / 20 }).catch(() => false)).toBe(false);
    expect(await redis.get(LEASE)).toBe(id);
    expect(ours.told).toHaveLength(1);
  });

  it('lets go-leader acquire at once after close()', async () => {
    const ours = stand();
    await leads(ours);
    await ours.election.close();
    expect(await go.acquire()).toBe(true);
  });

  it('continues without a transition when the scripts are flushed, leading or standing by', async () => {
    const leader = stand();
    const { id } = await leads(leader);
    const follower = stand();
    await until(() => follower.told.length > 0);
    const deadline = () => performance.now() + (leader.election.term?.remaining() ?? Number.NaN);
    for (let flushes = 0; flushes < 4; flushes++) {
      const before = deadline();
      await redis.scriptFlush();
      await until(() => deadline() > before + TTL / 10, { what: 'a renewal after the flush' });
    }
    expect(leader.told).toHaveLength(1);
    expect(follower.told).toHaveLength(1);
    expect(await redis.get(LEASE)).toBe(id);
  });
});

describe('alternating terms of this library and of go-leader', () => {
  it('have rising tokens, if they have one (G3)', async () => {
    const tokens: number[] = [];
    for (let turn = 0; turn < 4; turn++) {
      const ours = stand();
      tokens.push((await leads(ours)).token);
      await ours.election.close();
      expect(await go.acquire()).toBe(true);
      expect(await go.release()).toBe(true);
    }
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
    expect(new Set(tokens).size).toBe(tokens.length);
  });

  it('hand over without delay both ways (G5)', async () => {
    const ours = stand();
    for (let turn = 0; turn < 2; turn++) {
      await leads(ours);
      await ours.election.resign({ cooldown: TTL / 2 });
      expect(await go.acquire()).toBe(true);
      // Renewed meanwhile. On a very busy machine the lease could expire, and this library would
      // lead again without seeing it.
      await until(async () => (await go.renew()) && (await firstValueFrom(ours.election.leaders))?.id === go.id);
      const released = performance.now();
      expect(await go.release()).toBe(true);
      await leads(ours);
      expect(performance.now() - released).toBeLessThan(WAIT + SLACK);
    }
  });
});
