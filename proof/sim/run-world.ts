import type { Library } from '../library.js';
import type { Coverage } from './coverage.js';
import type { Breach } from './judge/breach-log.js';
import type { Plan } from './plan-schema.js';
import { RecoveryCheck } from './recovery.js';
import { World } from './world.js';

/** The result of a simulated world. */
export interface Outcome {
  readonly breaches: readonly Breach[];
  /** ms of true time that went by. */
  readonly lasted: number;
  readonly terms: number;
  readonly coverage: Coverage;
}

/** Runs the world of `plan` and then the recovery check. `log` receives its story, line by line. */
export async function runWorld(plan: Plan, library: Library, log?: (text: string) => void): Promise<Outcome> {
  const world = new World(plan, library, log);
  await world.runPlan();
  await new RecoveryCheck(world).run();
  const { judge, events, coverage } = world;
  return { breaches: judge.breaches, lasted: events.now, terms: judge.terms, coverage };
}
