import { TIMES } from '../times.js';

/**
 * The target of a fault: a candidate's process, its connection, the Redis server, or that server's
 * data.
 */
export type Target = 'process' | 'link' | 'server' | 'data';

/** For how long a fault lasts: not at all, or for less or for more than a lease. */
export type Length = 'instant' | 'below' | 'beyond';

/** What a fault may leave behind that the next leader has to wait for, once it is over. */
export type Aftereffect = 'none' | 'loss' | 'prolonged';

export interface ChaosFault {
  readonly name: string;
  /** A few letters, for the picture. */
  readonly short: string;
  readonly target: Target;
  readonly lengths: readonly Length[];
  readonly aftereffect: Aftereffect;
  /** How often it is drawn, compared with the others. */
  readonly weight: number;
}

const { ttl, timeout } = TIMES;

/**
 * ms, from and to, of each length. A candidate that is stopped for `beyond` has no lease left,
 * whenever it last renewed.
 */
export const LENGTHS: Readonly<Record<Length, readonly [number, number]>> = {
  instant: [0, 0],
  below: [0.15 * ttl, 0.6 * ttl],
  beyond: [1.1 * ttl, 1.9 * ttl],
};

/** ms by which bytes are late: a request is answered in time, or is not. */
export const LATE: Readonly<Record<'slightly' | 'much', readonly [number, number]>> = {
  slightly: [5, timeout / 5],
  much: [timeout, 3 * timeout],
};

const EITHER = ['below', 'beyond'] as const;
const INSTANT = ['instant'] as const;

type Rest = Partial<Pick<ChaosFault, 'aftereffect' | 'weight'>> & { readonly lengths: ChaosFault['lengths'] };

const kind = <const Name extends string>(target: Target, name: Name, short: string, rest: Rest) => ({
  aftereffect: 'none' as const,
  weight: 1,
  ...rest,
  name,
  short,
  target,
});

/** Every fault there is. */
export const CHAOS_FAULTS = [
  kind('process', 'SIGSTOP', 'stop', { lengths: EITHER, weight: 4 }),
  kind('process', 'blocked event loop', 'block', { lengths: EITHER, weight: 3 }),
  kind('process', 'kill -9', 'kill', { lengths: EITHER, weight: 3 }),
  kind('process', 'close', 'close', { lengths: EITHER, weight: 2 }),
  kind('process', 'resign', 'step', { lengths: INSTANT, weight: 2 }),
  kind('link', 'slightly late', 'late', { lengths: EITHER }),
  kind('link', 'much late', 'slow', { lengths: EITHER, weight: 2 }),
  kind('link', 'cut', 'cut', { lengths: INSTANT, weight: 2 }),
  kind('link', 'refused', 'refuse', { lengths: EITHER, weight: 2 }),
  kind('link', 'requests swallowed', '→|', { lengths: EITHER, weight: 2 }),
  // Each renewal still prolongs the lease of a leader that cannot know.
  kind('link', 'replies swallowed', '|←', { lengths: EITHER, weight: 2, aftereffect: 'prolonged' }),
  kind('link', 'silence', '|=|', { lengths: EITHER, weight: 2 }),
  kind('server', 'redis SIGSTOP', 'stop', { lengths: EITHER, weight: 2 }),
  kind('server', 'restart', 'restart', { lengths: EITHER, weight: 2, aftereffect: 'loss' }),
  kind('server', 'failover', 'failover', { lengths: EITHER, weight: 2, aftereffect: 'loss' }),
  kind('server', 'failover to a lagging replica', 'lagging', { lengths: EITHER, weight: 2, aftereffect: 'loss' }),
  kind('server', 'CLIENT PAUSE', 'pause', { lengths: EITHER }),
  kind('server', 'DEBUG SLEEP', 'sleep', { lengths: EITHER }),
  kind('server', 'OOM', 'OOM', { lengths: EITHER }),
  kind('server', 'NOREPLICAS', 'NOREPL', { lengths: EITHER }),
  kind('server', 'NOPERM', 'NOPERM', { lengths: EITHER }),
  kind('server', 'eviction', 'evict', { lengths: INSTANT, weight: 2, aftereffect: 'loss' }),
  kind('data', 'FLUSHALL', 'flush', { lengths: INSTANT, weight: 3, aftereffect: 'loss' }),
  kind('data', 'lease deleted', 'lease', { lengths: INSTANT, weight: 2, aftereffect: 'loss' }),
  kind('data', 'record deleted', 'record', { lengths: INSTANT, weight: 2, aftereffect: 'loss' }),
  kind('data', 'SCRIPT FLUSH', 'scripts', { lengths: INSTANT, weight: 2 }),
  kind('data', 'CLIENT KILL', 'clients', { lengths: INSTANT, weight: 2 }),
] as const satisfies readonly ChaosFault[];

export type ChaosFaultName = (typeof CHAOS_FAULTS)[number]['name'];

export const chaosFaultOf = (name: ChaosFaultName): ChaosFault =>
  CHAOS_FAULTS.find((kind) => kind.name === name) as ChaosFault;
