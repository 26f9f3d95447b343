import { type Claim, claimsOf, endOf } from './claims.js';
import type { Cause, Entry } from './report.js';

/** From one term to the next one. */
export interface HandOver {
  /**
   * `unprovoked` if no incident explains it, as on a machine so busy that a leader missed its
   * renewals.
   */
  readonly cause: Cause | 'unprovoked';
  readonly from: Claim;
  /** The last instant at which `from` claimed to lead and was running. */
  readonly ledUntil: number;
  readonly to: Claim;
  /** ms for which nobody led. Below zero for an overlap. */
  readonly nobody: number;
}

export type Incident = Extract<Entry, { readonly kind: 'incident' }>;

/** The outcome of an incident. */
export type Outcome =
  | { readonly kind: 'handed-over'; readonly incident: Incident; readonly handOver: HandOver }
  /**
   * The leader kept its term: it led before, and still a ttl after the server was back, with leases
   * renewed there.
   */
  | { readonly kind: 'kept'; readonly incident: Incident; readonly leader: Claim }
  /** Nobody took over (yet). */
  | { readonly kind: 'missing'; readonly incident: Incident };

/** ms by which a process may outrun the parent's note that it was stopped or killed. */
const SIGNAL_DELAY = 20;

/**
 * The last instant at which a claimant led. For overlaps, a claim outlives its process, but a dead
 * process leads nobody.
 */
export function ledUntil(claim: Claim, entries: readonly Entry[]): number {
  const halts = entries.filter(
    (entry) =>
      entry.kind === 'process' &&
      (entry.state === 'stopped' || entry.state === 'dead') &&
      entry.by === claim.by &&
      entry.at >= claim.to - SIGNAL_DELAY,
  );
  return Math.max(claim.from, Math.min(endOf(claim), ...halts.map(({ at }) => at)));
}

const endOfStory = (entries: readonly Entry[]): number =>
  entries.find(({ kind }) => kind === 'leave')?.at ?? Number.POSITIVE_INFINITY;

const incidentsOf = (entries: readonly Entry[]): Incident[] =>
  entries.filter((entry): entry is Incident => entry.kind === 'incident');

/** Every hand-over of the run. An incident explains only the first one after it. */
export function handOversOf(entries: readonly Entry[]): HandOver[] {
  const end = endOfStory(entries);
  const terms = claimsOf(entries).filter(({ from }) => from < end);
  const incidents = incidentsOf(entries);
  const explained = new Set<Incident>();
  return terms.slice(1).map((to, index) => {
    const from = terms[index] as Claim;
    const incident = incidents.filter(({ at }) => at <= to.from).at(-1);
    const cause = incident && !explained.has(incident) ? incident.cause : 'unprovoked';
    if (incident) explained.add(incident);
    const last = ledUntil(from, entries);
    return { cause, from, ledUntil: last, to, nobody: to.from - last };
  });
}

/** The outcome of each incident, in order. */
export function outcomesOf(entries: readonly Entry[], ttl: number): Outcome[] {
  const handOvers = handOversOf(entries);
  const incidents = incidentsOf(entries);
  return incidents.map((incident, index): Outcome => {
    const next = incidents[index + 1]?.at ?? Number.POSITIVE_INFINITY;
    const handOver = handOvers.find(({ to }) => to.from >= incident.at && to.from < next);
    if (handOver) return { kind: 'handed-over', incident, handOver };
    const leader = keeper(incident, entries, ttl);
    return leader ? { kind: 'kept', incident, leader } : { kind: 'missing', incident };
  });
}

/**
 * The leader that kept its term through a server incident, and then led by leases of the new
 * server.
 */
function keeper(incident: Incident, entries: readonly Entry[], ttl: number): Claim | undefined {
  if (incident.row !== undefined) return undefined;
  const up = entries.find(({ kind, at }) => kind === 'server-up' && at >= incident.at);
  if (!up) return undefined;
  return claimsOf(entries).find(({ from, to }) => from <= incident.at && to >= up.at + ttl);
}
