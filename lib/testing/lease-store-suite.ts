import { claims } from './suite/claims.js';
import { losses } from './suite/losses.js';
import { type Cases, type LeaseStoreUnderTest, SuiteContext } from './suite/suite-context.js';
import { terms } from './suite/terms.js';

export type { LeaseStoreUnderTest } from './suite/suite-context.js';

/** The options of {@link leaseStoreSuite}. */
export interface LeaseStoreSuiteOptions {
  /** Declares a case: the `it` of jest, vitest or mocha, or the `test` of `node:test`. */
  readonly test: (name: string, run: () => Promise<void>) => unknown;
  /**
   * Opens a store for one case. It may return the same store every time, because each case uses its
   * own key.
   */
  readonly open: () => Promise<LeaseStoreUnderTest>;
  /** ms that expiring leases last. Keep it short where the store's time is real. Default: 500. */
  readonly ttl?: number;
}

/**
 * Declares one test case for each promise that a `LeaseStore` must keep.
 *
 * A store that passes all cases may be given to `elect`. Works with any test runner. A failing case
 * rejects with an `AssertionError`.
 * A case that needs a hook which {@link LeaseStoreUnderTest} lacks passes without a check.
 *
 * @example
 * describe('my store', () => {
 *   leaseStoreSuite({ test: it, open: async () => ({ store: new MyStore() }) });
 * });
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
