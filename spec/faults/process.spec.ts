import { describe } from '@jest/globals';
import { monotonic } from '../../proof/candidate.js';
import { deadlineIgnored, nameAsId, timerOnly, waitsToBeTold, wallClock } from '../../proof/variants.js';
import { HAND_OVER, RECOVERY, TIMES } from './arena.js';
import { row } from './row.js';

const { ttl } = TIMES;

describe('faults of a process', () => {
  row(
    'a leader stopped beyond its lease says follower first when it wakes, and another leads by then (G1, G2)',
    { variant: deadlineIgnored, fails: /older token after newer|first word on waking/ },
    async (arena) => {
      const [a, b] = await arena.pair();
      await a.stopped(async () => {
        const since = monotonic();
        await b.says({ role: 'leader' });
        arena.within('next leader', monotonic() - since, RECOVERY);
      });
      await a.says({ role: 'follower', reason: 'stalled' });
      await arena.steady([b], () => b.goesOn(ttl / 2));
    },
  );

  row(
    'a leader whose event loop stands still beyond its lease claims nothing from its deadline on (G1, G2)',
    { variant: timerOnly, fails: /older token after newer/ },
    async (arena) => {
      const [a, b] = await arena.pair({ act: `block ${2 * ttl}` });
      a.act();
      const { at: from } = await a.notes('acts');
      a.wasBlocked(from, from + 2 * ttl);
      const leader = await b.says({ role: 'leader' });
      arena.within('next leader', leader.at - from, RECOVERY);
      await a.says({ role: 'follower', reason: 'stalled' });
    },
  );

  row(
    'a leader whose wall clock is set back cannot renew, and still stops at its deadline (G1)',
    { variant: wallClock, fails: /two leaders/ },
    async (arena) => {
      const proxy = await arena.proxy();
      const [a, b] = await arena.pair({ act: 'step -3600000', to: proxy });
      a.act();
      await a.notes('acts');
      proxy.swallow();
      const since = monotonic();
      const leader = await b.says({ role: 'leader' });
      arena.within('next leader', leader.at - since, RECOVERY);
      await a.says({ role: 'follower' });
      await b.goesOn(ttl / 2);
    },
  );

  row(
    'a wall clock set forward costs no leadership (G1)',
    { variant: wallClock, fails: /not steady/ },
    async (arena) => {
      const [a, b] = await arena.pair({ act: 'step 3600000' }, { act: 'step 3600000' });
      await arena.steady([a, b], async () => {
        for (const candidate of [a, b]) candidate.act();
        for (const candidate of [a, b]) await candidate.notes('acts');
        await a.goesOn(2 * ttl);
      });
    },
  );

  row(
    'a leader killed with -9 is followed within its lease (G5)',
    { variant: waitsToBeTold, fails: /b does not say {"role":"leader"}/ },
    async (arena) => {
      const [a, b] = await arena.pair();
      const since = monotonic();
      await a.kill();
      const leader = await b.says({ role: 'leader' }, 3 * RECOVERY);
      arena.within('next leader', leader.at - since, RECOVERY);
    },
  );

  row(
    'a leader that exits without releasing is followed within its lease (G5)',
    { variant: waitsToBeTold, fails: /b does not say {"role":"leader"}/ },
    async (arena) => {
      const [a, b] = await arena.pair({ act: 'exit' });
      const since = monotonic();
      a.act();
      await a.script.exit;
      const leader = await b.says({ role: 'leader' }, 3 * RECOVERY);
      arena.within('next leader', leader.at - since, RECOVERY);
    },
  );

  row(
    'candidates that share hostname, pid and name are still told apart (G1)',
    { variant: nameAsId, fails: /two leaders/ },
    async (arena) => {
      const a = await arena.candidate('same');
      await a.says({ role: 'leader' });
      const b = await arena.candidate('same');
      await arena.steady([a], () => b.goesOn(2 * ttl));
      const since = monotonic();
      await a.close();
      await arena.recovers(since, [b], HAND_OVER);
    },
  );
});
