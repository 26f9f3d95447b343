import { type Mutant, mutant } from './mutant.js';

const overThree = (one: Mutant): Mutant => ({ ...one, servers: 3 });

/** Mutants of the quorum. Each must be detected in worlds with three servers. */
export const QUORUM_MUTANTS: readonly Mutant[] = [
  mutant('tokens-not-written-back', 'leads before a majority has its token on record', [
    'quorum/acquire.ts',
    'if (token >= term.token) {',
    'if (token >= 0) {',
  ]),
  mutant(
    'minority-grants',
    'leads with one grant less than a majority',
    [
      'quorum/decide.ts',
      "if (granted >= majority) return 'elected';",
      "if (granted >= majority - 1) return 'elected';",
    ],
    ['quorum/acquire.ts', 'if (this.#written.size >= majority) {', 'if (this.#written.size >= majority - 1) {'],
  ),
  mutant('minority-renewals', 'goes on leading with one renewal less than a majority', [
    'quorum/decide.ts',
    'if (renewed >= majority) return',
    'if (renewed >= majority - 1) return',
  ]),
  mutant('minority-grants-kept', 'gives back nothing of what too few have granted', [
    'quorum/acquire.ts',
    'giveBack(this.#state, member, {',
    'void ((..._: unknown[]) => {})(this.#state, member, {',
  ]),
  mutant(
    'counted-by-the-answers-before',
    'counts a store that has renewed before',
    ['quorum/ask-all.ts', 'answers[i] = answer;', 'answers[i] = remembered(members, answer, i);'],
    [
      'quorum/ask-all.ts',
      '/** What is done with',
      "const last = new WeakMap<object, unknown>();\nconst remembered = <T>(members: readonly object[], answer: T, i: number): T => {\n  const member = members[i] as object;\n  const known = last.get(member) as T;\n  if ((answer as any).status === 'renewed') last.set(member, answer);\n  else if ((answer as any).code && known) return known;\n  return answer;\n};\n/** What is done with",
    ],
  ),
  mutant('one-memory-for-all', 'takes a store that was no part of the last majority for one that has lost its data', [
    'quorum/member.ts',
    'isHeard ? Math.min(lastToken, this.#memory.token) : lastToken',
    'isHeard ? Math.max(lastToken, this.#memory.token) : lastToken',
  ]),
  mutant('asks-a-silent-store', 'acquires at a store that has not answered', [
    'quorum/member.ts',
    'this.#mustProbe = mustProbeAfter(this.#mustProbe, error);',
    'this.#mustProbe = mustProbeAfter(this.#mustProbe, error) && false;',
  ]),
  mutant('split-votes-at-once', 'asks again at once where nobody can win', [
    'quorum/acquire.ts',
    'environment.random() * window',
    'environment.random() * 0 * window',
  ]),
  mutant(
    'unknown-runs',
    'puts its lease back where it was not granted, so that no run is on record there',
    ['quorum/store.ts', "if (term && term.runs[i] === undefined) return of({ status: 'lost' });", ''],
    ['quorum/store.ts', 'if (term && isAbsent) join(state, request, term, i);', 'if (term && isAbsent) void join;'],
  ),
  mutant('lost-by-one', 'takes a term for lost that one store says is', [
    'quorum/decide.ts',
    'if (over > spare) return lost.length > 0',
    'if (over > 0) return lost.length > 0',
  ]),
].map(overThree);
