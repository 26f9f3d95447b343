/** The clock of `@sinonjs/fake-timers`, which Jest, Vitest and Sinon put on each function that they replace. */
interface FakeClock {
  readonly now: number;
  readonly performance?: { now(): number };
}

interface Interval {
  readonly name: string;
  readonly clock?: FakeClock;
}

/** A source of fake time: another object for other fake timers. */
export interface FakeTime {
  readonly of: object;
  readonly now: number;
}

/**
 * The time of fake timers; undefined while timers are real.
 *
 * RxJS runs its timers by `setInterval`. If a test has replaced that, the time that passes is the
 * test's, whatever other clocks the test left real. `node:test` has a time only if it mocks `Date`.
 */
export function fakeTime(): FakeTime | undefined {
  const { clock, name } = globalThis.setInterval as unknown as Interval;
  if (clock) return { of: clock, now: clock.performance?.now() ?? clock.now };
  if (name === 'setInterval' || !('isMock' in Date)) return undefined;
  return { of: Date, now: Date.now() };
}
