import { hostname } from 'node:os';
import { asapScheduler, VirtualTimeScheduler } from 'rxjs';
import { backoff, lifetime, type Settings } from '../core/settings.js';
import { invalidOption } from '../port/errors.js';
import { preflightOf } from '../redis/preflight.js';
import { clientOf } from '../redis/replicas.js';
import type { Environment } from '../stream/environment.js';
import { forElection } from '../stream/request.js';
import { randomId } from '../util/random-id.js';
import type { ElectionOptions } from './options.js';
import { storeOf } from './store-of.js';
import {
  type Names,
  refuseUnknown,
  requireObject,
  requireSignal,
  requireUnicode,
  validText,
  validTime,
  validTimeSources,
} from './validation.js';

/** The names of the options of `elect`. */
export const OPTIONS: Names<ElectionOptions> = {
  redis: true,
  subscriber: true,
  store: true,
  key: true,
  ttl: true,
  wait: true,
  jitter: true,
  renewEvery: true,
  timeout: true,
  drain: true,
  name: true,
  data: true,
  signal: true,
  coldStart: true,
  preflight: true,
  clock: true,
  scheduler: true,
};

/**
 * Validates the options once and fills in the defaults.
 * Throws an `ElectionError` with code `INVALID_OPTION`.
 */
export function environment(options: ElectionOptions): Environment {
  requireObject(options);
  refuseUnknown(options, OPTIONS);
  const settings = validSettings(options);
  const { clock, scheduler } = validTimeSources(options);
  if (options.signal !== undefined) requireSignal(options.signal);
  const store = storeOf(options);
  const client = options.redis ?? clientOf(store);
  return {
    store: forElection(store, settings),
    timersOf: store,
    settings,
    clock: clock instanceof VirtualTimeScheduler ? { now: () => clock.now(), wall: () => clock.now() } : clock,
    scheduler,
    // Runs work right after the current call stack. A given scheduler also controls this work, so
    // that virtual time stays synchronous.
    soon: options.scheduler ?? asapScheduler,
    random: Math.random,
    nextId,
    ...(client && options.preflight !== false && { preflight: preflightOf(client) }),
  };
}

function validSettings(options: ElectionOptions): Settings {
  const key = validText('key', options.key);
  const times = validTimes(options);
  const { data, coldStart = 'elect', preflight = true } = options;
  if (data !== undefined) {
    if (typeof data !== 'string') throw invalidOption('data', 'must be a string', data);
    requireUnicode('data', data);
  }
  if (coldStart !== 'elect' && coldStart !== 'wait') {
    throw invalidOption('coldStart', "must be 'elect' or 'wait'", coldStart);
  }
  if (typeof preflight !== 'boolean') throw invalidOption('preflight', 'must be true or false', preflight);
  const name = validText('name', options.name === undefined ? `${hostname()}:${process.pid}` : options.name);
  return { key, ...times, name, ...(data !== undefined && { data }), coldStart };
}

function validTimes(options: ElectionOptions) {
  const ttl = validTime('ttl', options.ttl, 10_000, 100);
  const timeout = validTime('timeout', options.timeout, ttl / 10);
  const renewEvery = validTime('renewEvery', options.renewEvery, ttl / 3);
  const needed = renewEvery + 3 * (timeout + backoff(timeout));
  const limit = lifetime(ttl);
  if (needed > limit) {
    throw invalidOption(
      options.renewEvery === undefined ? 'timeout' : 'renewEvery',
      `renewEvery + 3 × (timeout + timeout / 4) must fit into the ${Math.floor(limit)} ms of certain leadership that a ` +
        `ttl of ${ttl} gives, so that a failed renewal can be repeated; with renewEvery ${renewEvery} and timeout ${timeout} it is ${needed} ms`,
      options.renewEvery ?? options.timeout,
    );
  }
  return {
    ttl,
    wait: validTime('wait', options.wait, ttl / 2),
    jitter: validTime('jitter', options.jitter, ttl / 50, 0),
    renewEvery,
    timeout,
    drain: validTime('drain', options.drain, ttl),
  };
}

const nextId = ({ name }: Settings): string => `${name}/${randomId()}`;
