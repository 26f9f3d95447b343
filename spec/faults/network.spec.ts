import { describe } from '@jest/globals';
import { monotonic } from '../../proof/candidate.js';
import {
  acquiresInTheDark,
  deadlineIgnored,
  forgetsRetired,
  givesUp,
  leavesQueue,
  noNotAfter,
  patient,
  resignsAtOnce,
  stampedAtReply,
} from '../../proof/variants.js';
import { PACE } from '../support/pace.js';
import { until } from '../support/until.js';
import { HAND_OVER, RECOVERY, TIMES, WATCH } from './arena.js';
import { row } from './row.js';

const { ttl, timeout, wait, renewEvery } = TIMES;

describe('faults of the network', () => {
  // While requests arrive, the server keeps renewing the lease until its holder gives up.
  for (const [what, direction, bound, fails] of [
    ['to the server', 'toServer', RECOVERY, /two leaders/],
    ['to the client', 'toClient', RECOVERY + ttl, /b does not say {"role":"leader"}/],
    ['in both directions', undefined, RECOVERY, /two leaders/],
  ] as const) {
    row(
      `a leader whose connection hangs ${what} stops before another leads, and follows when it is heard again (G1, G2)`,
      { variant: deadlineIgnored, fails },
      async (arena) => {
        const proxy = await arena.proxy();
        const [a, b] = await arena.pair({ to: proxy });
        const since = monotonic();
        proxy.swallow(direction);
        const leader = await b.says({ role: 'leader' }, 4 * ttl);
        arena.within('next leader', leader.at - since, bound);
        // Long enough for everything that a candidate without replies keeps sending.
        await arena.steady([b], () => b.goesOn(WATCH));
        await a.says({ role: 'follower' });
        const healed = monotonic();
        proxy.heal();
        const back = await a.says({ role: 'follower', reason: 'standby' });
        arena.within('standing by again', back.at - healed, RECOVERY);
        await arena.steady([a, b], () => b.goesOn(renewEvery));
      },
    );
  }

  row(
    'a half-open connection ends the term in time, and a new connection the outage (G1, G5)',
    { variant: deadlineIgnored, fails: /two leaders/ },
    async (arena) => {
      const proxy = await arena.proxy();
      const [a, b] = await arena.pair({ to: proxy });
      const since = monotonic();
      proxy.swallow();
      const leader = await b.says({ role: 'leader' });
      arena.within('next leader', leader.at - since, RECOVERY);
      await b.goesOn(ttl / 2);
      const healed = monotonic();
      proxy.heal({ held: 'drop' }); // the old connection is detected as dead
      const back = await a.says({ role: 'follower', reason: 'standby' });
      arena.within('standing by again', back.at - healed, RECOVERY);
      const left = monotonic();
      await b.close();
      await arena.recovers(left, [a], HAND_OVER);
    },
  );

  row(
    'a candidate that can send but not hear takes no lease twice (G5)',
    { variant: acquiresInTheDark, fails: /b does not say {"role":"leader"}/ },
    async (arena) => {
      const proxy = await arena.proxy();
      const a = await arena.candidate('a', { to: proxy, act: 'stand', standBy: true });
      const b = await arena.candidate('b', { act: 'stand', standBy: true });
      proxy.swallow('toClient');
      const since = monotonic();
      a.act();
      await a.notes('acts');
      await a.goesOn(timeout);
      b.act();
      const leader = await b.says({ role: 'leader' }, 4 * ttl);
      arena.within('next leader', leader.at - since, RECOVERY + timeout);
      await arena.steady([b], () => b.goesOn(WATCH));
    },
  );

  row(
    'an acquire whose reply is lost is taken back before the next attempt (G4, G5)',
    { variant: forgetsRetired, fails: /too late/ },
    async (arena) => {
      const proxy = await arena.proxy();
      const a = await arena.candidate('a', { to: proxy, act: 'stand', standBy: true });
      proxy.swallow('toClient');
      a.act();
      // The server has granted, and the candidate does not know.
      const granted = await arena.granted();
      await a.goesOn(timeout);
      const healed = monotonic();
      proxy.heal({ held: 'drop' });
      const { at } = await a.says({ role: 'leader' });
      arena.within('leader', at - healed, HAND_OVER);
      await arena.absent(granted);
    },
  );

  row(
    'a reply later than the lease it grants makes no leader (G1, G4)',
    { variant: patient, fails: /two leaders/ },
    async (arena) => {
      const proxy = await arena.proxy();
      const a = await arena.candidate('a', { to: proxy, act: 'stand', standBy: true });
      const b = await arena.candidate('b', { act: 'stand', standBy: true });
      proxy.delay(1.2 * ttl, 'toClient');
      const since = monotonic();
      a.act();
      await arena.granted();
      b.act();
      const leader = await b.says({ role: 'leader' });
      arena.within('next leader', leader.at - since, RECOVERY + timeout);
      await arena.steady([b], () => b.goesOn(2 * ttl));
    },
  );

  row(
    'a lease is counted from before its request, however slow the replies (G1)',
    { variant: stampedAtReply, fails: /two leaders/ },
    async (arena) => {
      // As slow as possible without a timeout: a wrong addition must exceed guard and drift by far.
      const times = { ttl: 4_000 * PACE, timeout: 900 * PACE, renewEvery: 150 * PACE };
      const proxy = await arena.proxy();
      proxy.delay(650 * PACE, 'toClient');
      const [a, b] = await arena.pair({ to: proxy, ...times }, times);
      await a.goesOn(ttl);
      const since = monotonic();
      proxy.swallow('toServer');
      const leader = await b.says({ role: 'leader' });
      arena.within('next leader', leader.at - since, times.ttl + TIMES.jitter + 2 * times.timeout);
      await b.goesOn(ttl / 2);
    },
  );

  row(
    'promises that never settle end the term in time, and the candidate stands by once they settle again (G1, G5)',
    { variant: patient, fails: /a does not say {"role":"follower","reason":"standby"}/ },
    async (arena) => {
      const [a, b] = await arena.pair({ client: 'faulty', act: 'mute' });
      a.act();
      const { at: since } = await a.notes('acts');
      const leader = await b.says({ role: 'leader' });
      arena.within('next leader', leader.at - since, RECOVERY);
      await b.goesOn(ttl / 2);
      a.act();
      const { at: healed } = await a.notes('acts');
      const back = await a.says({ role: 'follower', reason: 'standby' }, 2 * ttl);
      arena.within('standing by again', back.at - healed, RECOVERY);
    },
  );

  row(
    'acquires queued by a client that reconnects die in the queue (G4)',
    { variant: leavesQueue, fails: /too many grants/ },
    async (arena) => {
      const proxy = await arena.proxy();
      const a = await arena.candidate('a', { to: proxy, act: 'stand', standBy: true });
      await proxy.refuse();
      a.act();
      await a.says({ role: 'error', code: 'STORE_UNAVAILABLE' });
      await a.goesOn(ttl);
      const healed = monotonic();
      await proxy.accept();
      const { at } = await a.says({ role: 'leader' });
      arena.within('leader', at - healed, RECOVERY);
      await a.goesOn(wait);
      const grants = await arena.calls('set');
      if (grants > 1) throw new Error(`too many grants: ${grants}`);
    },
  );

  row(
    'an acquire that arrives after its sender gave up grants nothing (G4, G5)',
    { variant: noNotAfter, fails: /too late/ },
    async (arena) => {
      const proxy = await arena.proxy();
      const [a, b] = await arena.pair({}, { to: proxy });
      const c = await arena.candidate('c', { act: 'stand', standBy: true });
      proxy.swallow('toServer');
      // It has asked again, and given up.
      await b.says({ role: 'error', code: 'STORE_TIMEOUT' }, 2 * ttl);
      await b.kill();
      await a.close();
      const calls = await arena.calls('evalsha');
      const healed = monotonic();
      proxy.heal();
      await until(async () => (await arena.calls('evalsha')) > calls, { what: 'what b asked to arrive' });
      c.act();
      const { at } = await c.says({ role: 'leader' });
      arena.within('next leader', at - healed, HAND_OVER);
    },
  );

  row(
    'a connection cut for less than a lease costs no leadership (G5)',
    { variant: resignsAtOnce, fails: /not steady/ },
    async (arena) => {
      const proxy = await arena.proxy();
      const [a] = await arena.pair({ to: proxy });
      await arena.steady([a], async () => {
        await arena.renewed();
        await proxy.refuse();
        // So that at least one renewal waits for a connection until it times out.
        await a.goesOn(renewEvery + 1.25 * timeout);
        await proxy.accept();
        await a.goesOn(ttl);
      });
    },
  );

  for (const [what, fault] of [
    ['hangs', { begin: 'pause', end: 'resume' }],
    ['is down', { begin: 'kill', end: 'start' }],
  ] as const) {
    row(
      `while the server ${what} longer than a lease nobody leads, and then one does (G1, G2, G5)`,
      what === 'hangs'
        ? { variant: givesUp, fails: /too late/ }
        : { variant: deadlineIgnored, fails: /a does not say/ },
      async (arena) => {
        const [a, b] = await arena.pair();
        const since = monotonic();
        await arena.redis[fault.begin]();
        const { at } = await a.says({ role: 'follower' }, 3 * ttl);
        arena.within('follower', at - since, ttl);
        await a.says({ role: 'error' });
        await b.says({ role: 'error' });
        await b.goesOn(ttl / 2);
        await arena.redis[fault.end]();
        await arena.recovers(monotonic(), [a, b]);
        await b.goesOn(renewEvery);
      },
    );
  }
});
