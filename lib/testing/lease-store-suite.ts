import { type Cases, type LeaseStoreUnderTest, SuiteContext } from './suite/bench.js';
import { claims } from './suite/claims.js';
import { losses } from './suite/losses.js';
import { terms } from './suite/terms.js';

export type { LeaseStoreUnderTest } from './suite/bench.js';

/** What {@link leaseStoreSuite} takes. */
export interface LeaseStoreSuiteOptions {
  /** Declares a case: the `it` of jest, vitest or mocha, or the `test` of `node:test`. */
  readonly test: (name: string, run: () => Promise<void>) => unknown;
  /** Opens a store for one case. It may be the same every time: each case has a key of its own. */
  readonly open: () => Promise<LeaseStoreUnderTest>;
  /** ms of the leases that are to run out: short, where the store's time is real. Default: 500. */
  readonly ttl?: number;
}

/**
 * Declares one case for each promise that a `LeaseStore` makes to the election. A store that passes them all may be given to
 * `elect`. Works with any test runner; failures are `AssertionError`s.
 *
 * ```ts
 * describe('my store', () => {
 *   leaseStoreSuite({ test: it, open: async () => ({ store: new MyStore() }) });
 * });
 * ```
 */
export function leaseStoreSuite({ test, open, ttl = 500 }: LeaseStoreSuiteOptions): void {
  const cases: Cases = { ...claims, ...terms, ...losses };
  for (const [name, run] of Object.entries(cases)) {
    test(name, async () => {
      const hooks = await open();
      try {
        await run(new SuiteContext(hooks, ttl));
      } finally {
        await hooks.close?.();
      }
    });
  }
}
