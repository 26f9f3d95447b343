import { describe, expect, it } from '@jest/globals';
import { spansOf, violations } from '../../proof/checker.js';
import { OURS, type Variant } from '../../proof/mutant.js';
import {
  ignoresRivals,
  keepsLongLeases,
  noReckoning,
  uptimeBelieved,
  uptimeIgnored,
  uptimeUnconfirmed,
  waitsForNobody,
  wholeTtl,
} from '../../proof/variants.js';
import { type Simulated, World } from './world.js';

const TTL = 2_000;
const TIMES = { ttl: TTL, wait: 400, jitter: 20, renewEvery: 600, timeout: 200 };

/** Declares two specs of one fault, as `row` does, in simulated time. */
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

/** Declares what is not promised, as `exception` does, in simulated time. */
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

/** The times of an election that a second of suspension ends. */
const SHORT = { ttl: 1_000, wait: 200, jitter: 10, renewEvery: 300, timeout: 100 };

type PairOptions = Partial<typeof TIMES> & { hears?: boolean; uptimeStep?: number };

const pair = (world: World, [slow, fast] = [1, 1], options: PairOptions = {}) => {
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

/**
 * Sets the server's clock forward just as a third candidate without knowledge comes. Returns how
 * long the leader keeps claiming.
 */
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

/**
 * Freezes the leader just after a renewal, and wakes it when the other leads. Returns how long it
 * keeps claiming.
 */
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

/** Fails unless `leader` led all the time. */
function keptItsTerm(leader: Simulated): void {
  const roles = leader.log.lines.flatMap((line) => (line.kind === 'role' ? [line.role] : []));
  if (roles.join() !== 'leader') throw new Error(`lost its term: ${roles.join()}`);
}

/**
 * Cuts the leader off and suspends it for `ms` while the other comes to lead. Returns how long the
 * first keeps claiming.
 */
function overlapAfterSleep(world: World, [a, b]: readonly [Simulated, Simulated], ms: number, setBack = 0): number {
  a.cut = true;
  a.sleep('suspended');
  a.wallStep = -setBack;
  world.run(ms);
  expect(b.election.isLeading).toBe(true);
  a.wake();
  const woken = world.now;
  world.run(4 * TTL);
  return overlapSince(a, woken);
}

/** Runs until `leader` has just renewed, so that its next renewal is as far away as possible. */
function renews(world: World, leader: Simulated): void {
  const { requests } = leader;
  world.until(() => leader.requests > requests, TTL);
}

/** ms for which `candidate` claimed to lead from `since` on. */
function overlapSince({ log }: Simulated, since: number): number {
  const overlap = (spansOf(log)[0]?.last ?? 0) - since;
  expect(overlap).toBeGreaterThanOrEqual(0); // otherwise there is no exception to test
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
    'a leader on a machine that was suspended counts that time by an uptime in whole seconds, too (G1, G2)',
    { variant: uptimeIgnored, fails: /two leaders/ },
    (world) => {
      const [a, b] = pair(world, [1, 1], { uptimeStep: 1_000 });
      a.sleep('suspended');
      world.until(() => b.election.isLeading, 3 * TTL);
      world.run(TTL);
      a.wake();
      world.run(TTL);
      expect(a.election.role).toBe('follower');
    },
  );

  simulated(
    'an uptime in whole seconds costs no leadership',
    { variant: uptimeBelieved, fails: /lost its term/ },
    (world) => {
      const [a] = pair(world, [1, 1], { ...SHORT, uptimeStep: 1_000 });
      world.run(20 * TTL);
      keptItsTerm(a);
    },
  );

  simulated(
    'an uptime that drops and comes back costs no leadership',
    { variant: uptimeBelieved, fails: /lost its term/ },
    (world) => {
      const [a] = pair(world);
      a.uptimeError = -2_000;
      world.run(1_500);
      a.uptimeError = 0;
      world.run(5 * TTL);
      keptItsTerm(a);
    },
  );

  simulated(
    'an uptime that jumps up and comes back costs no leadership',
    { variant: uptimeUnconfirmed, fails: /lost its term/ },
    (world) => {
      const [a] = pair(world);
      a.uptimeError = 60_000;
      world.run(1_500);
      a.uptimeError = 0;
      world.run(5 * TTL);
      keptItsTerm(a);
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

  simulatedException(
    'a leader whose uptime has whole seconds, on a machine that was suspended for less than two, leads beside another until the next second',
    (world) => {
      const two = pair(world, [1, 1], { ...SHORT, uptimeStep: 1_000 });
      // The last renewal is 300 ms old when the machine is suspended, 20 ms after a second started.
      world.run(3_300 - world.now);
      renews(world, two[0]);
      world.until(() => world.now % 1_000 === 20, 1_000);
      within(overlapAfterSleep(world, two, 900), 1_000);
    },
  );

  simulatedException(
    'a leader on a machine that was suspended, and whose wall clock was set back by just as much, leads beside another for three seconds',
    (world) => {
      const two = pair(world, [1, 1], { ttl: 10_000, timeout: 1_000, renewEvery: 3_000 });
      // The clock knows its readings only after three seconds.
      renews(world, two[0]);
      renews(world, two[0]);
      world.run(10);
      within(overlapAfterSleep(world, two, 12_000, 12_000), 3_100);
    },
    { variant: uptimeIgnored, fails: /too late/ },
  );
});
