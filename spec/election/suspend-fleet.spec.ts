import { describe, expect, it } from '@jest/globals';
import { NEVER, VirtualTimeScheduler } from 'rxjs';
import { type Election, elect } from '../../lib/index.js';
import { MemoryLeaseStore } from '../../lib/testing/index.js';
import { Random } from '../../proof/random.js';

/** ms that a fleet runs, and ms between two checks. */
const LIFE = 60_000;
const LOOK = 10;

const guardOf = (ttl: number): number => ttl / 20;

/**
 * Runs elections of one store on one machine that is suspended at times, with a store that
 * sometimes does not reply. Returns those notified late.
 */
function lateIn(seed: number): string[] {
  const random = new Random(seed);
  const scheduler = new VirtualTimeScheduler();
  let slept = 0;
  const clock = { now: () => scheduler.now() + slept };
  const store = new MemoryLeaseStore({ clock, epoch: 0 });
  let isSilent = false;
  const renew = store.renew.bind(store);
  store.renew = (request) => (isSilent ? NEVER : renew(request));
  // With the same `ttl`, they would all share one timer wheel.
  const fleet = Array.from({ length: 50 }, (_, i) => {
    const [ttl, renewEvery] = random.pick([4_000, 1_000], [40_000, 10_000], [400_000, 20_000]);
    const key = `k${i}`;
    const election = elect({ store, key, ttl, renewEvery, timeout: 200, clock, scheduler });
    scheduler.schedule(() => election.subscribe(), random.between(0, renewEvery));
    return { key, election, ttl, overSince: undefined as number | undefined };
  });
  for (let at = 0; at < LIFE; at += random.between(1_000, 10_000)) {
    const ms = random.between(10, 10_000);
    scheduler.schedule(() => {
      slept += ms;
      for (const each of fleet) each.overSince = isOver(each.election) ? clock.now() : undefined;
    }, at);
    scheduler.schedule(() => {
      isSilent = !isSilent;
    }, at + random.between(0, 2_000));
  }
  const late = new Set<string>();
  const look = () => {
    for (const each of fleet) {
      if (!isOver(each.election)) each.overSince = undefined;
      else each.overSince ??= clock.now();
      const over = clock.now() - (each.overSince ?? clock.now());
      if (over > guardOf(each.ttl) / 2 + 2 * LOOK) late.add(`${each.key}, of ttl ${each.ttl}`);
    }
    scheduler.schedule(look, LOOK);
  };
  look();
  scheduler.maxFrames = LIFE;
  scheduler.flush();
  return [...late];
}

/** Over by the clock, without a transition. */
const isOver = ({ role, isLeading }: Election): boolean => role === 'leader' && !isLeading;

describe('elections of any ttl on one machine', () => {
  it('are notified of the end of their terms within half a guard, however often it is suspended (G2)', () => {
    for (let seed = 1; seed <= 10; seed += 1) expect([seed, lateIn(seed)]).toEqual([seed, []]);
  });
});
