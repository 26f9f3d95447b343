import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type ElectionOptions, elect } from 'rx-leader';
import { PACE } from '../support/pace.js';
import { startProxy, type TcpProxy } from '../support/proxy.js';
import { type RedisServer, startRedis } from '../support/redis.js';
import { until } from '../support/until.js';
import { type Candidate, expectNext, expectNoTransition, startCandidate, transitionsOf } from './candidates.js';

/**
 * The values of go-leader v0.1.0's own test, doubled, so that a busy machine costs neither a lease
 * nor a timeout.
 */
const TIMES = { ttl: PACE * 2_000, wait: PACE * 4_000, jitter: 100, timeout: PACE * 300 } as const;

/** What a busy machine may add to any of the bounds. */
const SLACK = TIMES.ttl / 2;

let server: RedisServer;

beforeAll(async () => {
  server = await startRedis();
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

// One scenario in order: each part starts where the previous one ended.
describe("go-leader's own scenario, with a process for each candidate", () => {
  const proxies: TcpProxy[] = [];
  const candidates: Candidate[] = [];
  const at = <T>(list: readonly T[], index: number): T => list[index] as T;
  const roles = (index: number) => transitionsOf(at(candidates, index)).map(({ role }) => role);

  const stand = async () => {
    const proxy = await startProxy({ target: server });
    proxies.push(proxy);
    candidates.push(startCandidate({ url: proxy.url, key: 'test1', ...TIMES }));
  };

  afterAll(async () => {
    for (const candidate of candidates) await candidate[Symbol.asyncDispose]();
    for (const proxy of proxies) await proxy[Symbol.asyncDispose]();
  });

  it('promotes the first and not the second (G1)', async () => {
    await stand();
    const { id } = await expectNext(at(candidates, 0), { role: 'leader' });
    await stand();
    await expectNext(at(candidates, 1), { role: 'follower', reason: 'standby', leader: id });
  });

  it('keeps the first as the leader for three ttls, without a transition in either', async () => {
    await expectNoTransition(candidates, 3 * TIMES.ttl);
  });

  it('passes leadership on when the connection goes silent: demoted first, then the other promoted, then the error (G2, G5)', async () => {
    const [first, second] = [at(candidates, 0), at(candidates, 1)];
    const [{ token: before = 0 } = {}] = transitionsOf(first);
    const broken = Date.now();
    at(proxies, 0).swallow();
    const demoted = await expectNext(first, { role: 'follower', reason: 'expired', isLeading: false });
    const promoted = await expectNext(second, { role: 'leader' });
    expect(promoted.now - broken).toBeLessThan(TIMES.ttl + TIMES.jitter + SLACK);
    expect(demoted.now).toBeLessThan(promoted.now);
    expect(promoted.token).toBeGreaterThan(before);
    await expectNext(first, { role: 'error', code: 'STORE_TIMEOUT' });
  });

  it('keeps the second as the leader for three ttls, and the first emits its error only once', async () => {
    await expectNoTransition(candidates, 3 * TIMES.ttl);
  });

  it('passes leadership back when the first recovers and connections of the second are refused', async () => {
    const [first, second] = [at(candidates, 0), at(candidates, 1)];
    const broken = Date.now();
    at(proxies, 0).heal();
    await at(proxies, 1).refuse();
    const demoted = await expectNext(second, { role: 'follower', reason: 'expired', isLeading: false });
    await expectNext(second, { role: 'error', code: 'STORE_UNAVAILABLE' });
    // In `error` it asks every `wait`. The reply shows a free lease or how long it still lasts.
    const promoted = await first.next((line) => line.event === 'transition' && line.role === 'leader');
    expect(promoted.now - broken).toBeLessThan(TIMES.wait + TIMES.ttl + TIMES.jitter + SLACK);
    expect(demoted.now).toBeLessThan(promoted.now);
    expect(roles(0).filter((role) => role === 'error')).toEqual(['error']);
  });

  it('elects the next leader within min(wait, rest of the known lease) + jitter of a stop, and both processes exit (G5, G6)', async () => {
    const [first, second] = [at(candidates, 0), at(candidates, 1)];
    await at(proxies, 1).accept();
    await expectNext(second, { role: 'follower', reason: 'standby' });
    first.signal('SIGTERM');
    const stopped = await expectNext(first, { role: 'follower', reason: 'closed' });
    const promoted = await expectNext(second, { role: 'leader' });
    expect(promoted.now - stopped.now).toBeLessThan(Math.min(TIMES.wait, TIMES.ttl) + TIMES.jitter + SLACK);
    second.signal('SIGTERM');
    await expectNext(second, { role: 'follower', reason: 'closed' });
    for (const candidate of candidates) expect(await candidate.exit).toEqual({ code: 0, signal: null });
    const client = await server.client();
    await until(async () => (await client.keys('leader:*')).length === 0, { what: 'the lease to be gone' });
  });
});

describe('elect', () => {
  it.each([
    ['key', { ttl: 1_000, wait: 2_000 }],
    ['key', { key: '', ttl: 1_000, wait: 2_000 }],
    ['ttl', { key: 'test1', ttl: 0, wait: 2_000 }],
    ['wait', { key: 'test1', ttl: 1_000, wait: 0 }],
  ])('rejects a zero ttl or wait, and a missing key, with INVALID_OPTION naming %s: %j', async (option, options) => {
    const redis = await server.client();
    expect(() => elect({ redis, ...options } as ElectionOptions)).toThrow(
      expect.objectContaining({
        name: 'ElectionError',
        code: 'INVALID_OPTION',
        message: expect.stringContaining(`"${option}"`),
      }),
    );
  });

  it('uses defaults for a missing ttl and wait, which go-leader rejects', async () => {
    const redis = await server.client();
    expect(() => elect({ redis, key: 'test1' })).not.toThrow();
  });
});
