import { createRequire } from 'node:module';
import path from 'node:path';
import type * as Step from '../../lib/core/step.js';
import type * as Errors from '../../lib/port/errors.js';
import type { Rules } from '../../lib/port/rules.js';
import { build, type Patch, type Variant } from '../mutant.js';

/** The shipped code that is explored: the decisions of a candidate, and the rules of the store. */
export interface Engine {
  readonly initialState: typeof Step.initialState;
  readonly step: typeof Step.step;
  readonly wakeAt: typeof Step.wakeAt;
  readonly rules: Rules;
  readonly ElectionError: typeof Errors.ElectionError;
}

/**
 * The only changes to the shipped code. Both change constants.
 *
 * Clocks do not drift here. With drift, a candidate's estimate of the store's time depends on the
 * estimate's age, so no state would ever recur. ε covers whole milliseconds, so it is 0 on a grid
 * of ticks.
 */
const ON_A_GRID: readonly Patch[] = [
  { file: 'core/settings.ts', search: 'const DRIFT = 0.01;', replace: 'const DRIFT = 0;' },
  { file: 'core/settings.ts', search: 'const RESOLUTION = 2;', replace: 'const RESOLUTION = 0;' },
];

export function engineOf(variant: Variant): Engine {
  const { cjs } = build({ name: `${variant.name}-on-a-grid`, patches: [...variant.patches, ...ON_A_GRID] });
  const require = createRequire(path.join(cjs, 'index.js'));
  const { initialState, step, wakeAt } = require('./core/step.js') as typeof Step;
  const { rules } = require('./port/rules.js') as { rules: Rules };
  const { ElectionError } = require('./port/errors.js') as typeof Errors;
  return { initialState, step, wakeAt, rules, ElectionError };
}
