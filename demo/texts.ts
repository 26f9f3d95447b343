import { milliseconds, seconds } from '../scripts/support/figures.js';
import { handOversOf, type Outcome } from './hand-overs.js';
import type { Cause, Entry } from './report.js';

/** An incident's name, short enough to stand above a point in time. */
export const LABELS: Readonly<Record<Cause | 'unprovoked', string>> = {
  close: 'close()',
  kill: 'kill -9',
  stop: 'SIGSTOP',
  cut: 'cut off',
  restart: 'restart',
  outage: 'outage',
  unprovoked: 'unprovoked',
};

/** The description of each incident. */
const INCIDENTS: Readonly<Record<Cause, (row: string) => string>> = {
  close: (row) => `${row} leaves on purpose, election.close()`,
  kill: (row) => `${row}'s process is killed`,
  stop: (row) => `${row}'s process is stopped for longer than a ttl`,
  cut: (row) => `${row}'s connection falls silent, and stays open`,
  restart: () => 'Redis is killed and starts again at once, empty',
  outage: () => 'Redis is killed, and away for longer than a ttl',
};

const REASONS: Readonly<Record<string, string>> = {
  standby: 'follows',
  closed: 'follows (closed): the lease is released next',
  expired: 'follows (expired): stops before its lease can pass on',
  stalled: 'follows (stalled): woke up too late, and knows',
  lost: 'follows (lost): its lease is gone',
};

/** Why it took this long until a candidate led again. */
export const WHY: Readonly<Record<Cause | 'unprovoked', string>> = {
  close: 'released; told, and asked for at once',
  kill: 'the lease ran out, within a ttl',
  stop: 'the lease ran out, within a ttl',
  cut: 'ended just before its lease did',
  restart: 'a lost lease is waited out',
  outage: 'no Redis; then a ttl to be sure',
  unprovoked: 'not our doing: a busy machine?',
};

/**
 * An entry of the log as one line for people, or nothing if it only supports the claims. `entries`
 * is the log up to it.
 */
export function sentence(entry: Entry, entries: readonly Entry[]): string | undefined {
  const text = tell(entry, entries);
  if (text === undefined) return undefined;
  const subject = entry.kind === 'server-up' ? 'Redis' : 'by' in entry && entry.kind !== 'incident' ? entry.row : '';
  return `${seconds(entry.at).padStart(8)}  ${(subject ?? '').padEnd(6)}${text}`;
}

function tell(entry: Entry, entries: readonly Entry[]): string | undefined {
  switch (entry.kind) {
    case 'incident':
      return `▼ ${LABELS[entry.cause]}: ${INCIDENTS[entry.cause](entry.row ?? 'Redis')}`;
    case 'role':
      return tellRole(entry, entries);
    case 'process':
      return tellProcess(entry);
    case 'healed':
      return 'is connected again; what it sent arrives too late to count';
    case 'closed':
      return 'has closed';
    case 'server-up':
      return 'is back on its port, and empty';
    default:
      return undefined;
  }
}

function tellRole(entry: Extract<Entry, { readonly kind: 'role' }>, entries: readonly Entry[]): string {
  if (entry.role === 'error') return `error (${entry.code})`;
  if (entry.role === 'follower') return REASONS[entry.reason] ?? `follows (${entry.reason})`;
  const handOver = handOversOf(entries).find(({ to }) => to.by === entry.by && to.token === entry.token);
  const after = handOver ? `; nobody did for ${milliseconds(handOver.nobody)}` : '';
  return `leads, token ${entry.token}${after}`;
}

function tellProcess(entry: Extract<Entry, { readonly kind: 'process' }>): string | undefined {
  if (entry.state === 'started') return `stands, a process of its own (pid ${entry.pid})`;
  if (entry.state === 'continued') return 'is continued: SIGCONT';
  return undefined; // the incident has reported it
}

/** The outcome of an incident, in the terms of {@link WHY}. */
export function explain(outcome: Outcome): string {
  if (outcome.kind === 'handed-over') return WHY[outcome.handOver.cause];
  if (outcome.kind === 'kept') return 'put its lease back, same token';
  return 'NOBODY TOOK OVER';
}
