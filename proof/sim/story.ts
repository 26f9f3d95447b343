import type { Library } from '../library.js';
import type { Wrong } from './judge.js';
import { type Plan, planOf } from './plan.js';
import { shrink } from './shrink.js';
import { watch } from './simulate.js';

/** Lines of a story that are shown around the place where it goes wrong. */
const BEFORE = 60;
const AFTER = 8;

/** How a world went wrong, made as small as it gets, for a person to read. */
export interface Story {
  readonly plan: Plan;
  readonly wrong: Wrong;
  readonly lines: readonly string[];
}

/** The smallest story found that breaks the same promise as the world of `seed`. */
export async function storyOf(seed: number, rule: string, library: Library, servers = 1): Promise<Story> {
  const isSame = ({ rule: other }: Wrong) => other === rule;
  const plan = await shrink(planOf(seed, servers), async (smaller) =>
    (await watch(smaller, library)).wrongs.some(isSame),
  );
  const { lines, wrongs } = await watch(plan, library);
  const wrong = wrongs.find(isSame) as Wrong;
  const at = lines.findIndex((line) => /WRONG|CONTRADICT/.test(line));
  const from = Math.max(0, at - BEFORE);
  const shown = lines.slice(from, at + AFTER);
  return { plan, wrong, lines: from > 0 ? [`            (${from} lines before)`, ...shown] : shown };
}
