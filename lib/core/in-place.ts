import type { Memory } from './memory.js';
import type { Leading, State, TermFacts } from './state.js';

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };

/**
 * Writes `after` over `before` and returns `before` if both lead. Returns `after` otherwise.
 *
 * Steps create new states, and most only move times. With thousands of leaders, garbage collection
 * of the old states would cost as much as all other work. Only for an owner that keeps no state but
 * the last.
 */
export function inPlaceOf(before: State, after: State): State {
  if (before === after || before.phase !== 'leading' || after.phase !== 'leading') return after;
  const state: Mutable<Leading> = before;
  state.id = after.id;
  overwriteMemory(before.memory, after.memory);
  state.role = after.role;
  state.holder = after.holder;
  state.listed = after.listed;
  state.retired = after.retired;
  state.mustProbe = after.mustProbe;
  state.notices = after.notices;
  state.lastSentAt = after.lastSentAt;
  state.sent = after.sent;
  state.term = termInPlace(before.term, after.term);
  state.renewAt = after.renewAt;
  state.error = after.error;
  return state;
}

function overwriteMemory(memory: Mutable<Memory>, after: Memory): void {
  memory.token = after.token;
  memory.mustProbe = after.mustProbe;
  memory.time = after.time;
  memory.at = after.at;
  memory.watch = after.watch;
}

function termInPlace(before: TermFacts, after: TermFacts): TermFacts {
  if (before.id !== after.id || before.token !== after.token || before.run !== after.run) return after;
  const term: Mutable<TermFacts> = before;
  term.deadline = after.deadline;
  return term;
}
