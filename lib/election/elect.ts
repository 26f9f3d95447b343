import type { Election } from './election.js';
import { environment } from './environment.js';
import { LiveElection } from './live-election.js';
import type { ElectionOptions } from './options.js';

/**
 * Creates a candidate for the election named `options.key`.
 *
 * Nothing happens before the first subscription. All times are in ms; see {@link ElectionOptions}
 * for the defaults.
 * Throws an `ElectionError` with code `INVALID_OPTION` for a wrong option. The error names the
 * option, the value and the rule.
 *
 * @example
 * const election = elect({ redis, key: 'billing' });
 * election.subscribe(({ role }) => console.log(role));
 */
export function elect(options: ElectionOptions): Election {
  return new LiveElection(environment(options), options.signal);
}
