import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '../../../scripts/support/until.js';
import { isMaster, type Node } from '../nodes.js';
import { type Reach, type Testbed, TIMES } from '../testbed.js';

/** A kind of client, and the options that give candidates this client. */
export interface Client {
  readonly title: string;
  readonly by: Pick<Reach, 'library' | 'topology' | 'failoverDetector'>;
}

/** A fault of one topology, which is measured for several clients. */
export interface Case {
  readonly topology: string;
  readonly fault: string;
  /** What the contract says: one leader at any instant, or that only tokens tell two apart. */
  readonly promises: 'one leader' | 'tokens';
  readonly clients: readonly Client[];
  /** Starts servers and candidates, and returns the fault to inject. */
  prepare(testbed: Testbed, by: Client['by']): Promise<Scenario>;
}

/** What is to happen, once all is as it should be. */
export interface Scenario {
  inject(): Promise<unknown>;
  /** Ends a fault that does not end by itself. Resolves when the servers agree again. */
  heal?(): Promise<unknown>;
}

/** ms that servers are cut off from each other. */
export const SPLIT = 8_000;

/** A `ttl` that outlives a failover, ms. */
export const LONG = 10_000;

/** ms for which replicas lag, or a slot is being moved: more than a lease. */
export const LAG = 1.5 * TIMES.ttl;

/** Clients of one server. */
export const SINGLE: readonly Client[] = [
  { title: 'node-redis 6 createClient', by: { library: 'node-redis' } },
  { title: 'ioredis 5 Redis', by: { library: 'ioredis' } },
];

/** Root nodes, in the order in which they are tried. */
export const roots = ([url, ...others]: readonly [string, ...string[]]) => ({ url, others });

/** A partition and its end, when the old master follows the new one. */
export function partitionScenario(part: () => () => void, master: Node): Scenario {
  let join = () => {};
  return {
    async inject() {
      join = part();
      await sleep(SPLIT);
    },
    heal() {
      join();
      return demoted(master);
    },
  };
}

/**
 * Sentinels wait for eight seconds before they make a replica of a master that they did not
 * expect.
 */
export const demoted = (node: Node): Promise<unknown> =>
  until(async () => !(await isMaster(node)), { within: 40_000, what: 'the old master to follow the new one' });
