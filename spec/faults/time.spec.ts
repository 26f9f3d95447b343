import { describe, expect, it } from '@jest/globals';
import { spansOf, violations } from '../../proof/checker.js';
import { OURS, type Variant } from '../../proof/mutant.js';
import {
  ignoresRivals,
  keepsLongLeases,
  noReckoning,
  uptimeIgnored,
  waitsForNobody,
  wholeTtl,
} from '../../proof/variants.js';
import { type Simulated, World } from './world.js';

const TTL = 2_000;
const TIMES = { ttl: TTL, wait: 400, jitter: 20, renewEvery: 600, timeout: 200 };

/** Two specs of one fault, as `row` has them, in simulated time. */
function simulated(
  name: string,
  { variant, fails }: { variant: Variant; fails: RegExp },
  scenario: (world: World) => void,
) {
  const run = (library: Variant) => {
    const world = new World(library);
    scenario(world);
    const wrongs = violations(world.logs);
    if (wrongs.length > 0) throw new Error(wrongs.map(({ rule, text }) => `${rule}: ${text}`).join('\n'));
  };
  it(name, () => run(OURS));
  it(`${name}: refuted for a library with ${variant.name.replaceAll('-', ' ')}`, () => {
    expect(() => run(variant)).toThrow(fails);
  });
}

/** What is not promised, as `exception` has it, in simulated time. */
function simulatedException(
  name: string,
  scenario: (world: World) => void,
  proof?: { variant: Variant; fails: RegExp },
) {
  it(`exception: ${name}`, () => scenario(new World(OURS)));
  if (!proof) return;
  const { variant, fails } = proof;
  it(`exception: ${name}: refuted for a library with ${variant.name.replaceAll('-', ' ')}`, () => {
    expect(() => scenario(new World(variant))).toThrow(fails);
  });
}

const pair = (world: World, [slow, fast] = [1, 1], options: { hears?: boolean } = {}) => {
  const a = world.candidate('a', { ...TIMES, ...options, rate: slow }).stand();
  world.run(10);
  const b = world.candidate('b', { ...TIMES, ...options, rate: fast }).stand();
  world.run(1_000);
  expect(a.election.role).toBe('leader');
  expect(b.election.role).toBe('follower');
  return [a, b] as const;
};

function within(taken: number, bound: number): void {
  if (taken > bound) throw new Error(`too late: after ${taken} ms, not ${bound}`);
}

const BOUND = TTL + TIMES.jitter + 2;

/** A pair whose server's clock is set forward just as a third comes, who knows nothing; and for how long the leader goes on claiming. */
function setForward(world: World, options: { hears?: boolean }) {
  const [a, b] = pair(world, [1, 1], options);
  renews(world, a);
  world.store.stepClock(3_600_000);
  const fresh = world.candidate('c', { ...TIMES, ...options }).stand();
  const begun = world.now;
  world.run(TTL);
  expect(fresh.election.isLeading).toBe(true);
  expect(spansOf(b.log)).toEqual([]);
  return { a, b, overlap: overlapSince(a, begun) };
}

/** A pair whose leader is frozen just after it has renewed, and wakes when the other leads; and for how long it goes on claiming. */
function frozen(world: World, options: { hears?: boolean }) {
  const [a, b] = pair(world, [1, 1], options);
  renews(world, a);
  a.sleep('frozen');
  world.until(() => b.election.isLeading, 3 * TTL);
  world.run(TTL);
  a.wake();
  const woken = world.now;
  world.run(TTL);
  return { b, overlap: overlapSince(a, woken) };
}

/** Runs until `leader` has just renewed, which it will not again for as long as it may be. */
function renews(world: World, leader: Simulated): void {
  const { requests } = leader;
  world.until(() => leader.requests > requests, TTL);
}

/** ms for which `candidate` claimed to lead from `since` on. */
function overlapSince({ log }: Simulated, since: number): number {
  const overlap = (spansOf(log)[0]?.last ?? 0) - since;
  expect(overlap).toBeGreaterThanOrEqual(0); // or there is no exception to speak of
  return overlap;
}

describe('faults of clocks, simulated', () => {
  simulated(
    'a leader on a machine that was suspended counts that time, and says follower first (G1, G2)',
    { variant: uptimeIgnored, fails: /two leaders/ },
    (world) => {
      const [a, b] = pair(world);
      a.sleep('suspended');
      within(
        world.until(() => b.election.isLeading, 3 * TTL),
        BOUND,
      );
      world.run(TTL);
      a.wake();
      world.run(TTL);
      expect(a.election.role).toBe('follower');
    },
  );

  simulated(
    'clocks whose rates differ by one percent each, the wrong way round, make no second leader (G1)',
    { variant: wholeTtl, fails: /two leaders/ },
    (world) => {
      world.storeRate = 1.01;
      const [a, b] = pair(world, [0.99, 1.01]);
      a.cut = true;
      within(
        world.until(() => b.election.isLeading, 3 * TTL),
        BOUND,
      );
      world.run(TTL);
    },
  );

  simulated(
    'a server clock set forward by an hour frees no lease of a leader that cannot be reached (G1, G3)',
    { variant: noReckoning, fails: /two leaders/ },
    (world) => {
      const [a, b] = pair(world);
      a.cut = true;
      world.store.stepClock(3_600_000);
      within(
        world.until(() => b.election.isLeading, 3 * TTL),
        BOUND + TIMES.wait,
      );
      world.run(TTL);
    },
  );

  simulated(
    'a server clock set back by an hour delays the next leader by a lease at most (G1, G5)',
    { variant: keepsLongLeases, fails: /too late/ },
    (world) => {
      const [a, b] = pair(world);
      a.crash();
      world.store.stepClock(-3_600_000);
      within(
        world.until(() => b.election.isLeading, 3 * TTL),
        BOUND + TIMES.wait,
      );
    },
  );

  simulated(
    'a herd of a hundred followers asks as often as its wait says, and one of it leads (G1, G5)',
    { variant: waitsForNobody, fails: /too many requests/ },
    (world) => {
      const herd = Array.from({ length: 100 }, (_, i) => world.candidate(`c${i}`, TIMES).stand());
      world.run(1_000);
      const asked = () => herd.reduce((sum, { requests }) => sum + requests, 0);
      const before = asked();
      world.run(TTL);
      const most = herd.length * (TTL / TIMES.wait + 1);
      if (asked() - before > most) throw new Error(`too many requests: ${asked() - before}, not ${most}`);
      const leader = herd.find(({ election }) => election.isLeading);
      leader?.crash();
      const next = () => herd.some((one) => one !== leader && one.election.isLeading);
      within(world.until(next, 3 * TTL), BOUND);
      world.run(TTL);
    },
  );

  simulatedException(
    'a fresh candidate leads beside the incumbent just after the server clock was set forward, until that one would renew',
    (world) => {
      const { a, b, overlap } = setForward(world, {});
      expect([a.election.role, b.election.role]).toEqual(['follower', 'follower']);
      within(overlap, TIMES.renewEvery + TIMES.timeout);
    },
  );

  simulatedException(
    'a fresh candidate leads beside an incumbent that hears notices just after the server clock was set forward, until that one has asked, which it does at once',
    (world) => within(setForward(world, { hears: true }).overlap, TIMES.timeout),
    { variant: ignoresRivals, fails: /too late/ },
  );

  simulatedException(
    'while every clock of a leader is frozen another leads, and the first learns of it by its next renewal',
    (world) => {
      const { b, overlap } = frozen(world, {});
      within(overlap, TIMES.renewEvery + TIMES.timeout);
      expect(b.election.isLeading).toBe(true);
    },
  );

  simulatedException(
    'while every clock of a leader is frozen another leads, and the first asks at once when it hears of that on waking',
    (world) => within(frozen(world, { hears: true }).overlap, TIMES.timeout),
    { variant: ignoresRivals, fails: /too late/ },
  );
});
