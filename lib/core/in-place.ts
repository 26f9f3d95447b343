import type { Memory } from './memory.js';
import type { Leading, State, TermFacts } from './state.js';

type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };

/**
 * `after`, written over `before` where both lead: then `before` is what it returns. Steps make new states; yet most of them only put off times, and of
 * what thousands of leaders let go of that often, collecting would cost as much as all else. For the one owner of a state, who keeps none but the
 * last.
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
