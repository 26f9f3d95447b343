/**
 * The clock of `@sinonjs/fake-timers`. Jest, Vitest and Sinon attach it to each function that they
 * replace.
 */
interface FakeClock {
  readonly now: number;
  readonly performance?: { now(): number };
}

interface Interval {
  readonly name: string;
  readonly clock?: FakeClock;
}

/** A source of fake time. Each installation of fake timers is another object `of`. */
export interface FakeTime {
  readonly of: object;
  readonly now: number;
}

/**
 * Returns the time of fake timers, or undefined while timers are real.
 *
 * RxJS runs its timers by `setInterval`. If a test has replaced that, the time of the test passes,
 * whatever other clocks the test left real. `node:test` has a time only if it mocks `Date`.
 */
export function fakeTime(): FakeTime | undefined {
  const { clock, name } = globalThis.setInterval as unknown as Interval;
  if (clock) return { of: clock, now: clock.performance?.now() ?? clock.now };
  if (name === 'setInterval' || !('isMock' in Date)) return undefined;
  return { of: Date, now: Date.now() };
}
