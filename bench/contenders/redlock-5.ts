import type { Contender } from '../contender.js';
import { TTL, WAIT } from '../settings.js';
import { installed, ioredis, type Redis } from './installed.js';
import { routine } from './routine.js';

type Redlock = new (
  clients: readonly Redis[],
  options: object,
) => {
  on(event: 'error', listener: () => void): unknown;
  using(resources: readonly string[], ttl: number, work: () => Promise<void>): Promise<void>;
};

/** By `using`, which extends the lock by itself, at its own default threshold. */
export const redlock5: Contender = {
  lease: (key) => key,
  async sit(link) {
    const client = await ioredis(link);
    const { default: Redlock } = installed<{ default: Redlock }>('redlock-5');
    const redlock = new Redlock([client], { retryCount: -1, retryDelay: WAIT, retryJitter: 0 });
    redlock.on('error', () => {}); // it says at each attempt that the resource is locked
    return { stand: (key, led) => routine((work) => redlock.using([key], TTL, work), led) };
  },
};
