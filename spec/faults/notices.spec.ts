import { describe } from '@jest/globals';
import { monotonic } from '../../proof/candidate.js';
import { believesWhatIsTold, followsEveryNotice, leadsByNotice, waitsForTheNamed } from '../../proof/variants.js';
import { listedAsHearing } from '../support/listed.js';
import { type Arena, TIMES } from './arena.js';
import { row } from './row.js';

const { ttl, timeout, jitter } = TIMES;

/** Long leases, so that lateness is a whole lease and not the time between two attempts. */
const LONG = { ttl: 4 * ttl, wait: 4 * ttl, renewEvery: ttl };

/** Long enough that no candidate asks by timer while the others start one after the other. */
const LONGER = { ttl: 20 * ttl, wait: 20 * ttl, renewEvery: 5 * ttl };

/** ms within which a candidate leads after the notice of a release. */
const WAKE = timeout + jitter;

const heard = ({ admin, key }: Arena, count: number) => listedAsHearing(admin, key, count);

const publish = ({ admin, keys }: Arena, message: object) => admin.publish(keys.channel, JSON.stringify(message));

const claim = (id: string, ttl: number) => ({ event: 'elected', id, name: 'x', data: '', token: 1, until: 1, ttl });

describe('faults of notices', () => {
  row(
    'a named successor that is gone costs a grace, and so does the next (G5)',
    { variant: waitsForTheNamed, fails: /c does not say {"role":"leader"}|too late/ },
    async (arena) => {
      const a = await arena.candidate('a', LONGER);
      await a.says({ role: 'leader' });
      const c = await arena.candidate('c', LONGER);
      await heard(arena, 1);
      const gone = [];
      for (const name of ['b', 'd']) {
        const one = await arena.candidate(name, LONGER);
        await one.says({ role: 'follower', reason: 'standby' });
        gone.push(one);
        await heard(arena, 1 + gone.length); // and it has asked last
      }
      for (const one of gone) await one.kill();
      const left = monotonic();
      await a.close();
      const { at } = await c.says({ role: 'leader' }, LONGER.ttl / 4);
      arena.within('next leader', at - left, timeout / 2 + WAKE);
    },
  );

  row(
    'a flood of forged releases raises no flood of requests, and keeps nobody from hearing the true one (G5)',
    { variant: followsEveryNotice, fails: /too many requests/ },
    async (arena) => {
      const [a, b] = await arena.pair(LONG, LONG);
      await heard(arena, 1);
      const before = await arena.calls('evalsha');
      const since = monotonic();
      await arena.steady([a, b], async () => {
        while (monotonic() < since + 4 * timeout) {
          await publish(arena, { event: 'released', id: await arena.granted(), successor: 'nobody' });
          await publish(arena, { event: 'released', id: await arena.granted() });
        }
      });
      // A burst, one in a timeout, and the leader's own.
      const most = 8 + (monotonic() - since) / timeout + 4;
      const asked = (await arena.calls('evalsha')) - before;
      if (asked > most) throw new Error(`too many requests: ${asked}, not ${most.toFixed(0)}`);
      await b.goesOn(8 * timeout); // until the rate limit allows a burst again
      const left = monotonic();
      await a.close();
      const { at } = await b.says({ role: 'leader' });
      arena.within('next leader', at - left, WAKE);
    },
  );

  row(
    'a forged election makes nobody a leader (G1, G5)',
    { variant: leadsByNotice, fails: /two leaders|older token/ },
    async (arena) => {
      const proxy = await arena.proxy();
      const [a, b] = await arena.pair(LONG, { ...LONG, to: proxy });
      await heard(arena, 1);
      const [listed] = await arena.admin.zRange(arena.keys.candidates, 0, 0);
      const { id } = JSON.parse(listed as string);
      await arena.steady([a, b], async () => {
        await publish(arena, claim(id, LONG.ttl));
        await b.goesOn(timeout);
        // While its request is pending as well.
        proxy.delay(timeout / 2, 'toServer');
        await publish(arena, { event: 'released', id: await arena.granted() });
        await b.goesOn(timeout / 4);
        await publish(arena, claim(id, LONG.ttl));
        await b.goesOn(2 * timeout);
      });
      proxy.heal();
      const left = monotonic();
      await a.close();
      const { at } = await b.says({ role: 'leader' }, LONG.ttl / 2);
      arena.within('next leader', at - left, WAKE);
    },
  );

  row(
    'forged elections keep nobody from taking a free lease for longer than a ttl (G5)',
    { variant: believesWhatIsTold, fails: /b does not say {"role":"leader"}|too late/ },
    async (arena) => {
      const [a, b] = await arena.pair();
      await heard(arena, 1);
      let goesOn = true;
      const forge = async () => {
        while (goesOn) {
          await publish(arena, claim('nobody', 2 ** 31 - 1));
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      };
      const forging = forge();
      try {
        await b.goesOn(timeout);
        const since = monotonic();
        await a.kill();
        const { at } = await b.says({ role: 'leader' }, 4 * TIMES.ttl);
        // Its attempt may come just before the lease expires; the next one comes within a ttl.
        arena.within('next leader', at - since, 2 * (TIMES.ttl + jitter) + 2 * timeout);
      } finally {
        goesOn = false;
        await forging;
      }
    },
  );
});
