import { describe } from '@jest/globals';
import { type Candidate, monotonic } from '../../proof/candidate.js';
import { spansOf } from '../../proof/checker.js';
import { ignoresCuts, ignoresRivals, noSuspect, waitsToBeTold } from '../../proof/variants.js';
import { until } from '../support/until.js';
import { type Arena, HAND_OVER, RECOVERY, TIMES } from './arena.js';
import { REPLICATED, replicated } from './replicas.js';
import { exception, row } from './row.js';

const { ttl, timeout, wait, renewEvery } = TIMES;

/**
 * For a leader with its own ttl. Two leases of the shorter ttl fit between two of its renewals. The
 * other candidate asks once in one of those, so a shortened lease that is not renewed expires.
 */
const LONGER = { ttl: 10 * ttl, renewEvery: 10 * renewEvery };

/**
 * Distinguishes an immediate request, which takes at most one timeout, from the next renewal of a
 * library that ignores notices. The renewal comes more than two timeouts later.
 */
const PATIENT = { ttl: 8 * ttl, renewEvery: 10 * renewEvery, timeout: 5 * timeout };

/** The time and the token of the last claim of `candidate`. */
function lastClaim({ log }: Candidate): { at: number; token: number } {
  const span = spansOf(log).at(-1);
  return { at: span?.last ?? 0, token: span?.token ?? 0 };
}

/** The address for a candidate that receives no notices. */
async function deaf({ admin, redis }: Arena): Promise<{ url: string }> {
  await admin.aclSetUser('deaf', ['on', '>pw', '~*', 'resetchannels', '+@all']);
  return { url: redis.url.replace('//', '//deaf:pw@') };
}

/** Waits until this many candidates receive notices. */
const isHeard = ({ admin, keys }: Arena, count = 1) =>
  until(async () => Number((await admin.pubSubNumSub(keys.channel))[keys.channel]) >= count);

/** Waits until the leader has just renewed, so that its next renewal is as far away as possible. */
async function isRenewed({ admin, keys }: Arena): Promise<void> {
  const till = async () => admin.hGet(keys.record, 'until');
  const before = await till();
  await until(async () => (await till()) !== before);
}

/**
 * ms for which a leader continues after its server is emptied right after a renewal. Another
 * candidate without knowledge then asks and leads.
 */
async function outlivesLoss(arena: Arena, to?: { url: string }): Promise<number> {
  const a = await arena.candidate('a', { ...PATIENT, ...(to && { to }) });
  await a.says({ role: 'leader' });
  if (!to) await isHeard(arena);
  const c = await arena.candidate('c', { ...PATIENT, act: 'stand', standBy: true });
  await isRenewed(arena);
  await arena.admin.flushAll();
  c.act();
  const { at } = await c.says({ role: 'leader' });
  await a.says({ role: 'follower', reason: 'lost' });
  await c.goesOn(wait);
  return lastClaim(a).at - at;
}

describe('what one leader at most does not cover', () => {
  exception(
    'two masters have a leader each, with the higher token on the newer, until a lease after the older stepped down',
    async (arena) => {
      const { master, split } = await replicated(arena);
      const [a, b] = await arena.pair({}, { to: master });
      const { heal } = await split();
      const leader = await b.says({ role: 'leader' });
      await b.goesOn(ttl / 2);
      if (lastClaim(a).at < leader.at) throw new Error('there is no overlap to measure');
      const since = monotonic();
      await heal();
      await a.says({ role: 'follower' });
      arena.within('last claim of the older leader', lastClaim(a).at - since, ttl);
      if (lastClaim(b).token <= lastClaim(a).token) throw new Error('the newer leader has no higher token');
    },
    REPLICATED,
  );

  exception(
    'a leader whose process and clock stood still, while another came to lead, asks at once when it hears of that on waking',
    async (arena) => {
      const [a, b] = await arena.pair({ ...PATIENT, clock: 'ticking' }, PATIENT);
      await isHeard(arena, 2);
      await isRenewed(arena);
      const stands = async () => {
        await b.says({ role: 'leader' });
        await b.goesOn(ttl / 2);
      };
      await a.stopped(stands, { beyond: false });
      const since = monotonic();
      await a.says({ role: 'follower', reason: 'lost' });
      await b.goesOn(wait);
      arena.within('last claim of the older leader', lastClaim(a).at - since, PATIENT.timeout);
    },
    { proof: { variant: ignoresRivals, fails: /last claim of the older leader/ } },
  );

  exception(
    'a fresh candidate on an emptied store leads beside an incumbent that hears notices until that one has asked, which it does at once',
    async (arena) => {
      arena.within('last claim of the older leader', await outlivesLoss(arena), PATIENT.timeout);
    },
    { proof: { variant: ignoresRivals, fails: /last claim of the older leader/ } },
  );

  exception(
    'a fresh candidate on an emptied store leads beside an incumbent that hears no notices until that one would renew',
    async (arena) => {
      const overlap = await outlivesLoss(arena, await deaf(arena));
      arena.within('last claim of the older leader', overlap, PATIENT.renewEvery + PATIENT.timeout);
    },
  );

  row(
    "a fresh candidate with coldStart 'wait' waits out who may lead on an emptied store (G1)",
    { variant: noSuspect, fails: /two leaders/ },
    async (arena) => {
      const proxy = await arena.proxy();
      const a = await arena.candidate('a', { to: proxy });
      await a.says({ role: 'leader' });
      const c = await arena.candidate('c', { act: 'stand', standBy: true, coldStart: 'wait' });
      proxy.swallow('toServer');
      await arena.admin.flushAll();
      c.act();
      const { at: since } = await c.notes('acts');
      const { at } = await c.says({ role: 'leader' });
      arena.within('next leader', at - since, RECOVERY);
      await c.goesOn(wait);
    },
  );

  row(
    'a candidate with a shorter ttl takes no lease from a leader that hears notices (G1)',
    { variant: ignoresCuts, fails: /two leaders|does not go on|a says/ },
    async (arena) => {
      const a = await arena.candidate('a', LONGER);
      await a.says({ role: 'leader' });
      await isHeard(arena);
      const c = await arena.candidate('c');
      await c.says({ role: 'follower' });
      await arena.steady([a, c], () => a.goesOn(LONGER.renewEvery + 2 * ttl));
    },
  );

  exception(
    'a candidate with a shorter ttl leads beside an incumbent that hears no notices until that one would renew, with the higher token',
    async (arena) => {
      const a = await arena.candidate('a', { ...LONGER, to: await deaf(arena) });
      await a.says({ role: 'leader' });
      const c = await arena.candidate('c');
      const leader = await c.says({ role: 'leader' });
      await a.says({ role: 'follower', reason: 'lost' });
      if (lastClaim(a).at < leader.at) throw new Error('there is no overlap to measure');
      arena.within('last claim of the older leader', lastClaim(a).at - leader.at, LONGER.renewEvery + timeout);
      await c.goesOn(wait);
      if (lastClaim(c).token <= lastClaim(a).token) throw new Error('the newer leader has no higher token');
    },
  );

  row(
    'beside a go-leader peer, which writes no record, a candidate stands by and leads by its timer (G1, G5)',
    { variant: waitsToBeTold, fails: /does not say/ },
    async (arena) => {
      const { admin, keys } = arena;
      const b = await arena.candidate('b', { act: 'stand', standBy: true });
      await admin.set(keys.lease, 'a-go-leader-peer', { condition: 'NX', expiration: { type: 'PX', value: ttl } });
      b.act();
      await b.says({ role: 'follower', reason: 'standby' });
      await admin.pExpire(keys.lease, ttl); // as it renews
      await b.goesOn(wait);
      const since = monotonic();
      await admin.del(keys.lease); // as it resigns
      const { at } = await b.says({ role: 'leader' }, 2 * ttl);
      arena.within('next leader', at - since, HAND_OVER);
    },
  );

  row(
    'a go-leader peer that dies is followed when its lease runs out (G5)',
    { variant: waitsToBeTold, fails: /does not say/ },
    async (arena) => {
      const { admin, keys } = arena;
      const b = await arena.candidate('b', { act: 'stand', standBy: true });
      await admin.set(keys.lease, 'a-go-leader-peer', { expiration: { type: 'PX', value: ttl } });
      const since = monotonic();
      b.act();
      const { at } = await b.says({ role: 'leader' }, 3 * ttl);
      arena.within('next leader', at - since, RECOVERY);
    },
  );
});
