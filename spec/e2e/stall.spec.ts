import { expect, it } from '@jest/globals';
import { PACE } from '../support/pace.js';
import { type RedisServer, startRedis } from '../support/redis.js';
import { until } from '../support/until.js';
import { candidatesOfEachSpec, expectNext, expectNoTransition, transitionsOf } from './candidates.js';

/** Long enough that a busy machine alone does not cost a leader its lease. */
const TTL = PACE * 2_000;
const JITTER = 20;
const SLACK = TTL / 2;

const start = candidatesOfEachSpec();

/** A leader, and a follower that asks as rarely as it can. */
async function pair(server: RedisServer) {
  const options = { url: server.url, key: 'stall', ttl: TTL, wait: 10 * TTL, jitter: JITTER, timeout: (3 * TTL) / 20 };
  const leader = start(options);
  const { token = 0 } = await expectNext(leader, { role: 'leader' });
  const follower = start(options);
  await expectNext(follower, { role: 'follower', reason: 'standby' });
  return { leader, follower, token };
}

it('a killed leader is followed within ttl + jitter + a round trip (G5)', async () => {
  await using server = await startRedis();
  const { leader, follower, token } = await pair(server);
  const killed = Date.now();
  leader.signal('SIGKILL');
  const next = await expectNext(follower, { role: 'leader' });
  expect(next.now - killed).toBeLessThan(TTL + JITTER + SLACK);
  expect(next.token).toBeGreaterThan(token);
});

it('a leader stopped beyond its ttl emits follower (stalled) first, and leads in no sample after waking (G1, G2)', async () => {
  await using server = await startRedis();
  const { leader, follower, token } = await pair(server);
  const stopped = Date.now();
  leader.signal('SIGSTOP');
  const next = await expectNext(follower, { role: 'leader' });
  expect(next.now - stopped).toBeLessThan(TTL + JITTER + SLACK);
  expect(next.token).toBeGreaterThan(token);

  const before = leader.lines().length;
  leader.signal('SIGCONT');
  await expectNext(leader, { role: 'follower', reason: 'stalled', isLeading: false });
  await until(() => leader.lines().some(({ event }, index) => event === 'sample' && index >= before));
  const since = leader.lines().slice(before);
  expect(since.find(({ event }) => event === 'transition')).toMatchObject({ role: 'follower', reason: 'stalled' });
  expect(since.filter((line) => 'isLeading' in line && line.isLeading)).toEqual([]);
  expect(since.find(({ event }) => event === 'sample')).toMatchObject({ isLeading: false });

  await expectNoTransition([leader, follower], TTL);
  expect(transitionsOf(follower).at(-1)?.role).toBe('leader');
});

it('a leader stopped for a quarter of its ttl continues without a transition', async () => {
  await using server = await startRedis();
  const { leader, follower } = await pair(server);
  leader.signal('SIGSTOP');
  // Its leadership is certain for at least ttl × 0.93 − renewEvery from any moment on.
  await expectNoTransition([follower], TTL / 4);
  leader.signal('SIGCONT');
  await expectNoTransition([leader, follower], 1.2 * TTL);
});
