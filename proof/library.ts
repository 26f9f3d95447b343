import { createRequire } from 'node:module';
import path from 'node:path';
import { type Build, build, type Variant } from './mutant.js';

/**
 * The library or a variant of it, loaded into this process: what programs use, and the parts that
 * worlds are made of.
 */
export interface Library {
  readonly elect: typeof import('rx-leader')['elect'];
  readonly whileLeader: typeof import('rx-leader')['whileLeader'];
  readonly ElectionError: typeof import('rx-leader')['ElectionError'];
  readonly MemoryLeaseStore: typeof import('rx-leader/testing')['MemoryLeaseStore'];
  readonly LiveElection: typeof import('../lib/election/live-election.js')['LiveElection'];
  readonly environment: typeof import('../lib/election/environment.js')['environment'];
  readonly quorumStore: typeof import('../lib/quorum/store.js')['quorumStore'];
  readonly monotonicClock: typeof import('../lib/clock/clock.js')['monotonicClock'];
}

export function load(variant: Variant): Library {
  return loaded(build(variant));
}

/** The same of one that has been compiled already. */
export function loaded({ cjs }: Build): Library {
  const require = createRequire(path.join(cjs, 'index.js'));
  return {
    ...require('./index.js'),
    MemoryLeaseStore: require('./testing/index.js').MemoryLeaseStore,
    LiveElection: require('./election/live-election.js').LiveElection,
    environment: require('./election/environment.js').environment,
    quorumStore: require('./quorum/store.js').quorumStore,
    monotonicClock: require('./clock/clock.js').monotonicClock,
  };
}
