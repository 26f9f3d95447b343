import { Election } from './election.js';
import { type ElectionOptions, environment } from './options.js';

/**
 * Stands in the election named `options.key`. Nothing happens before the first subscription.
 *
 * Throws an `ElectionError` with code `INVALID_OPTION` for wrong options, naming the option, the value and the rule.
 */
export function elect(options: ElectionOptions): Election {
  return new Election(environment(options), options.signal);
}
