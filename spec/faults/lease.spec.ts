import { describe } from '@jest/globals';
import { monotonic } from '../../proof/candidate.js';
import {
  anyDatabase,
  believesAnyNumber,
  noPutBack,
  noSuspect,
  plainDel,
  racesRelease,
  releasesFirst,
  renewsAnyones,
} from '../../proof/variants.js';
import { PACE } from '../support/pace.js';
import { HAND_OVER, RECOVERY, TIMES } from './arena.js';
import { row } from './row.js';

const { ttl, timeout, wait, renewEvery } = TIMES;

describe('faults of a lease', () => {
  for (const library of ['node-redis', 'ioredis'] as const) {
    row(
      `a leader whose ${library} client selects another database stops before another leads, and follows once it is back (G1)`,
      { variant: anyDatabase, fails: /two leaders/ },
      async (arena) => {
        const [a, b] = await arena.pair({ library });
        const since = monotonic();
        a.act('select 1');
        const leader = await b.says({ role: 'leader' });
        arena.within('next leader', leader.at - since, RECOVERY);
        await a.says({ role: 'follower', reason: 'lost' });
        await a.says({ role: 'error', code: 'KEY_CONFLICT' });
        await b.goesOn(ttl);
        a.act('select 0');
        await a.says({ role: 'follower', reason: 'standby' });
        await b.close();
        await arena.recovers(monotonic(), [a]);
      },
    );
  }

  row(
    'a follower whose client selects another database is not elected there (G1)',
    { variant: anyDatabase, fails: /two leaders/ },
    async (arena) => {
      const [a, b] = await arena.pair();
      b.act('select 1');
      await b.says({ role: 'error', code: 'KEY_CONFLICT' });
      await arena.steady([a, b], () => a.goesOn(2 * ttl));
      b.act('select 0');
      await b.says({ role: 'follower', reason: 'standby' });
    },
  );

  row(
    'FLUSHDB, and SWAPDB, cost no leadership: the leader puts its lease back in its own database (G1, G3)',
    { variant: noPutBack, fails: /not steady/ },
    async (arena) => {
      const [a, b] = await arena.pair();
      const holder = await arena.granted();
      await arena.steady([a, b], async () => {
        await arena.admin.flushDb();
        await a.goesOn(wait);
        await arena.admin.sendCommand(['SWAPDB', '0', '1']);
        await a.goesOn(ttl);
      });
      await arena.holds(holder);
    },
  );

  row(
    'a lease deleted mid-term is put back, and costs no leadership (G1, G4)',
    { variant: noPutBack, fails: /not steady/ },
    async (arena) => {
      const [a, b] = await arena.pair();
      const holder = await arena.granted();
      await arena.steady([a, b], async () => {
        for (let time = 0; time < 3; time += 1) {
          await arena.admin.del(arena.keys.lease);
          await a.goesOn(wait);
        }
        await a.goesOn(ttl);
      });
      await arena.holds(holder);
    },
  );

  row(
    'a record whose token or until is no number costs no leadership, and is put right by the next renewal (G3, G5)',
    { variant: believesAnyNumber, fails: /not steady/ },
    async (arena) => {
      const [a, b] = await arena.pair();
      const { record } = arena.keys;
      await arena.steady([a, b], async () => {
        for (const fields of [{ token: 'inf' }, { token: 'nan', until: 'nan' }, { token: '1e300' }, { until: '-1' }]) {
          await arena.admin.hSet(record, fields);
          await a.goesOn(ttl);
        }
      });
      await a.kill();
      await arena.admin.hSet(record, { token: 'inf' });
      // Detected as a loss when the lease has expired, and waited out from then on.
      await arena.recovers(monotonic(), [b], RECOVERY + ttl);
    },
  );

  row(
    'a lease deleted under a leader that cannot be reached is waited out (G1)',
    { variant: noSuspect, fails: /two leaders/ },
    async (arena) => {
      const proxy = await arena.proxy();
      const [a, b] = await arena.pair({ to: proxy });
      const since = monotonic();
      proxy.swallow('toServer');
      await arena.admin.del(arena.keys.lease);
      const leader = await b.says({ role: 'leader' });
      arena.within('next leader', leader.at - since, RECOVERY);
      await a.says({ role: 'follower' });
      await b.goesOn(ttl / 2);
    },
  );

  row(
    'a lease overwritten mid-term ends the term at its next renewal, and is left alone (G4)',
    { variant: renewsAnyones, fails: /a does not say {"role":"follower","reason":"lost"}/ },
    async (arena) => {
      const [a, b] = await arena.pair();
      const since = monotonic();
      await arena.admin.set(arena.keys.lease, 'somebody else', { expiration: { type: 'PX', value: 2 * ttl } });
      const lost = await a.says({ role: 'follower', reason: 'lost' }, 4 * ttl);
      arena.within('follower', lost.at - since, renewEvery + timeout);
      await arena.steady([a, b], () => b.goesOn(ttl / 2));
      await arena.holds('somebody else');
      await arena.admin.del(arena.keys.lease);
      await arena.recovers(monotonic(), [a, b]);
    },
  );

  row(
    'a candidate that leaves after its lease ran out releases nothing of its successor (G4)',
    { variant: plainDel, fails: /not steady/ },
    async (arena) => {
      const [a, b] = await arena.pair();
      const c = await arena.candidate('c', { wait: wait / 5 });
      await a.stopped(() => arena.recovers(monotonic(), [b, c]));
      await arena.steady([b, c], async () => {
        await a.close();
        await b.goesOn(ttl);
      });
    },
  );

  row(
    'a release waits for the renewal that is on its way, so that none can undo it (G4, G5)',
    { variant: racesRelease, fails: /too late/ },
    async (arena) => {
      // Leaves as soon as a renewal is in flight. Its client then delays that renewal until later
      // requests are done. The timeout is long enough that the renewal is late for the release, but
      // not too late to be granted.
      const times = { ttl: 4_000 * PACE, timeout: 900 * PACE, renewEvery: 150 * PACE };
      const a = await arena.candidate('a', { client: 'faulty', act: 'race', ...times });
      await a.says({ role: 'leader' });
      const b = await arena.candidate('b', { standBy: true, act: 'stand', ...times });
      a.act();
      await a.script.exit;
      b.act();
      const { at } = await b.notes('acts');
      await arena.recovers(at, [b], HAND_OVER);
    },
  );

  row(
    'work that takes longer to stop than a release is waited for, and its lease kept meanwhile (G7)',
    { variant: releasesFirst, fails: /two leaders/ },
    async (arena) => {
      const teardown = 1.5 * ttl;
      const [a, b] = await arena.pair({ teardown, drain: 3 * ttl });
      const since = monotonic();
      const closed = a.close();
      await a.says({ role: 'follower', reason: 'closed' });
      const leader = await b.says({ role: 'leader' });
      arena.within('next leader', leader.at - since, teardown + HAND_OVER);
      await closed;
      await b.goesOn(wait);
    },
  );
});
