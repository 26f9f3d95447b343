import type { Library } from '../library.js';
import type { Breach } from './judge/breach-log.js';
import { planOf } from './plan.js';
import type { Plan } from './plan-schema.js';
import { shrink } from './shrink.js';
import { trace } from './simulate.js';

/** Lines of a story that are shown before and after the breach. */
const BEFORE = 60;
const AFTER = 8;

/** How a world broke a promise, made as small as possible for a person to read. */
export interface Story {
  readonly plan: Plan;
  readonly breach: Breach;
  readonly lines: readonly string[];
}

/** Finds a small story that breaks the same promise as the world of `seed`. */
export async function storyOf(seed: number, rule: string, library: Library, servers = 1): Promise<Story> {
  const isSame = ({ rule: other }: Breach) => other === rule;
  const plan = await shrink(planOf(seed, servers), async (smaller) =>
    (await trace(smaller, library)).breaches.some(isSame),
  );
  const { lines, breaches } = await trace(plan, library);
  const breach = breaches.find(isSame) as Breach;
  const at = lines.findIndex((line) => /WRONG|CONTRADICT/.test(line));
  const from = Math.max(0, at - BEFORE);
  const shown = lines.slice(from, at + AFTER);
  return { plan, breach, lines: from > 0 ? [`            (${from} lines before)`, ...shown] : shown };
}
