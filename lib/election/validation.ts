import { asyncScheduler, type SchedulerLike, VirtualTimeScheduler } from 'rxjs';
import { type Clock, systemClock } from '../clock/clock.js';
import { LONGEST_TIMER } from '../core/settings.js';
import { invalidOption } from '../port/errors.js';
import { isRedisClient } from '../redis/client.js';

/** The names of all options, checked for completeness by the compiler. */
export type Names<Options> = Readonly<Record<keyof Options, true>>;

/** Rejects anything but an object, before any of its fields is read. */
export function requireObject(
  options: unknown,
  what = 'an object with at least a key and a redis client or store',
): void {
  if (typeof options !== 'object' || options === null) throw invalidOption('options', `must be ${what}`, options);
  if (isRedisClient(options))
    throw invalidOption('options', 'must be an object that has the client, as { redis, key }', options);
}

/** Rejects an unknown option, which would otherwise be ignored in favour of a default. */
export function refuseUnknown(options: object, names: Names<object>): void {
  const known = Object.keys(names);
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || known.includes(name)) continue;
    const meant = known.find((one) => one.toLowerCase() === name.toLowerCase());
    throw invalidOption(name, `there is no such option${meant ? `; "${meant}" is meant, maybe` : ''}`, value);
  }
}

/** Rejects a value without this method. */
export function requireMethod(option: string, value: unknown, method: string, what: string): void {
  if (typeof (value as Record<string, unknown> | null)?.[method] !== 'function') {
    throw invalidOption(option, `must be ${what}`, value);
  }
}

/** Rejects anything but an `AbortSignal`. */
export function requireSignal(signal: unknown): void {
  for (const method of ['addEventListener', 'removeEventListener'])
    requireMethod('signal', signal, method, 'an AbortSignal');
  if (typeof (signal as AbortSignal).aborted !== 'boolean')
    throw invalidOption('signal', 'must be an AbortSignal', signal);
}

/** Returns a non-empty string of {@link requireUnicode valid Unicode}. */
export function validText(option: string, value: unknown): string {
  if (typeof value !== 'string' || value === '') throw invalidOption(option, 'must be a non-empty string', value);
  requireUnicode(option, value);
  return value;
}

/**
 * Rejects half of a surrogate pair. UTF-8 cannot encode it, so Redis would return another string.
 */
export function requireUnicode(option: string, value: string): void {
  const at = value.search(/\p{Surrogate}/u);
  if (at >= 0)
    throw invalidOption(option, `must be valid Unicode, and has half of a surrogate pair at index ${at}`, value);
}

/** Returns a time in whole ms, or `fallback` rounded down if none is given. */
export function validTime(option: string, value: unknown, fallback: number, least = 1): number {
  if (value === undefined) return Math.max(least, Math.floor(fallback));
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > LONGEST_TIMER) {
    throw invalidOption(option, `must be a whole number of ms from ${least} to ${LONGEST_TIMER}`, value);
  }
  return value as number;
}

interface TimeSources {
  readonly clock?: Clock | undefined;
  readonly scheduler?: SchedulerLike | undefined;
}

/** Returns a clock and a scheduler. A virtual scheduler is also the default clock. */
export function validTimeSources({ clock: given, scheduler = asyncScheduler }: TimeSources) {
  requireMethod('scheduler', scheduler, 'schedule', 'an RxJS scheduler');
  const clock = given === undefined ? defaultClock(scheduler) : given;
  requireMethod('clock', clock, 'now', 'a clock with a method now()');
  return { clock, scheduler };
}

const defaultClock = (scheduler: SchedulerLike): Clock =>
  scheduler instanceof VirtualTimeScheduler ? scheduler : systemClock();
