import { type Bounds, leaderlessBound } from './bounds.js';
import type { Outcome } from './moves.js';
import { type Candidate, EPOCH, leads, type World } from './world.js';

/** A promise that a world breaks. */
export interface Finding {
  readonly property: string;
  readonly text: string;
}

/** More requests than this in one tick are a loop: nothing has passed between them. */
const MOST_REQUESTS = 12;

/** What must hold after every move. Each is named after the guarantee of the specification. */
export function check(before: World, outcome: Outcome, bounds: Bounds): Finding | undefined {
  return (
    oneLeader(outcome.world) ??
    toldInTime(outcome.world) ??
    noticesDeadline(before, outcome) ??
    nothingInTheDark(outcome) ??
    tokensRise(before, outcome) ??
    ownLeaseOnly(before, outcome) ??
    noRevival(outcome) ??
    workStopsFirst(outcome) ??
    alwaysANextLeader(outcome.world, bounds) ??
    noLoop(outcome.world)
  );
}

const found = (property: string, text: string): Finding => ({ property, text });

function oneLeader({ candidates, now }: World): Finding | undefined {
  const leaders = candidates.filter((one) => leads(one, now));
  return leaders.length > 1 ? found('G1 one leader', `${leaders.length} candidates lead`) : undefined;
}

/** While a candidate leads by its own clock, no other candidate holds the lease. */
function toldInTime({ candidates, now, entry: { lease } }: World): Finding | undefined {
  if (!lease || now + EPOCH > lease.expiresAt) return undefined;
  const led = candidates.find((one) => leads(one, now) && one.state.id !== lease.id);
  if (!led) return undefined;
  return found('G2 told in time', 'another holds the lease while a leader has not been told');
}

/**
 * A leader that handles an event past its deadline ends the term with that event.
 *
 * A running process handles the event before the next tick.
 */
function noticesDeadline(before: World, { world, stepped }: Outcome): Finding | undefined {
  const isPast = ({ state }: Candidate, now: number) => state.phase === 'leading' && now >= state.term.deadline;
  const isLate =
    world.now > before.now && before.candidates.some((one) => one.process === 'running' && isPast(one, before.now));
  if (!isLate && !(stepped && isPast(stepped.after, world.now))) return undefined;
  return found('G2 told in time', 'a running candidate leads past its deadline');
}

/**
 * A candidate sends an acquire only after the store has replied since the last failure.
 *
 * It has also withdrawn every attempt with an unknown outcome.
 */
function nothingInTheDark({ stepped }: Outcome): Finding | undefined {
  const { sent, mustProbe, retired } = stepped?.after.state ?? {};
  if (!sent || sent === stepped?.before.state.sent || sent.request.verb !== 'acquire') return undefined;
  if (mustProbe) return found('G4 nothing in the dark', 'an acquire is sent before the store has answered again');
  const isOpen = retired !== undefined && retired.length > 0;
  return isOpen
    ? found('G4 nothing in the dark', 'an acquire is sent before an earlier one was taken back')
    : undefined;
}

function tokensRise({ ghost }: World, { stepped }: Outcome): Finding | undefined {
  const led = stepped?.decisions.find((one) => one.role === 'leader');
  if (led?.role !== 'leader' || led.term.token > ghost.token) return undefined;
  return found('G3 tokens rise', `a term begins with the token ${led.term.token}, after ${ghost.token}`);
}

function ownLeaseOnly({ now }: World, { executed }: Outcome): Finding | undefined {
  if (!executed || (executed.request.verb !== 'renew' && executed.request.verb !== 'release')) return undefined;
  const { before, after, request } = executed;
  // The next request deletes an expired lease, as in Redis.
  const lease = before.lease && now + EPOCH <= before.lease.expiresAt ? before.lease : undefined;
  const isTouched = lease !== undefined && lease !== after.lease && lease.id !== request.id;
  return isTouched ? found('G4 own lease only', `a ${request.verb} changes the lease of somebody else`) : undefined;
}

/** A term begins with a grant of its own id, and with nothing else. */
function noRevival({ stepped }: Outcome): Finding | undefined {
  if (stepped?.after.state.phase !== 'leading' || stepped.before.state.phase === 'leading') return undefined;
  const { sent, id } = stepped.before.state;
  const isGrant = sent?.request.verb === 'acquire' && sent.request.id === id && stepped.after.state.term.id === id;
  return isGrant ? undefined : found('G4 no revival', 'a term begins without a grant of its own');
}

function workStopsFirst({ stepped }: Outcome): Finding | undefined {
  if (!stepped) return undefined;
  const { before, after } = stepped;
  const { sent, phase } = after.state;
  if (phase !== 'exiting' || !sent || sent === before.state.sent || sent.request.verb !== 'release') return undefined;
  if (after.state.drained || sent.at >= after.state.drainBy) return undefined;
  return found('G7 work stops first', 'the lease is released while work is awaited');
}

function alwaysANextLeader({ ghost }: World, bounds: Bounds): Finding | undefined {
  const bound = leaderlessBound(bounds);
  return ghost.leaderless > bound
    ? found('G5 always a next leader', `nobody leads for more than ${bound} ticks without a fault`)
    : undefined;
}

function noLoop({ ghost }: World): Finding | undefined {
  return ghost.requests > MOST_REQUESTS ? found('G5 no loop', `${ghost.requests} requests in one tick`) : undefined;
}

/** Situations that a run should reach, or it shows little. Each is looked for after every move. */
export const SITUATIONS: { readonly [name: string]: (outcome: Outcome) => boolean } = {
  'a leader is elected': ({ stepped }) => stepped?.decisions.some(({ role }) => role === 'leader') ?? false,
  'a second term begins': ({ world, stepped }) =>
    (stepped?.decisions.some(({ role }) => role === 'leader') ?? false) &&
    (world.entry.record?.token ?? 0) > 0 &&
    (stepped?.after.state.memory.token ?? 0) > 0,
  'a term expires': (outcome) => ends(outcome, 'expired'),
  'a term stalls': (outcome) => ends(outcome, 'stalled'),
  'a term is lost': (outcome) => ends(outcome, 'lost'),
  'a term is closed': (outcome) => ends(outcome, 'closed'),
  'a term is resigned': (outcome) => ends(outcome, 'resigned'),
  'an attempt of unknown outcome is retired': ({ stepped }) =>
    stepped !== undefined && stepped.after.state.retired.length > stepped.before.state.retired.length,
  'a retired id is taken back': ({ executed }) =>
    executed?.request.verb === 'release' && executed.status === 'released',
  'a candidate may only read': ({ stepped }) => stepped?.after.state.sent?.request.verb === 'read',
  'an acquire comes too late': ({ executed }) => executed?.request.verb === 'acquire' && executed.status === 'late',
  'a renewal comes too late': ({ executed }) => executed?.request.verb === 'renew' && executed.status === 'late',
  'a vanished lease is waited out': ({ executed }) => executed?.status === 'suspect',
  'a vanished lease is put back': ({ executed }) =>
    executed?.request.verb === 'renew' && executed.status === 'renewed' && executed.before.lease === undefined,
  'a release names a successor': ({ world }) =>
    world.messages.some(
      (one) => one.kind === 'notice' && one.notice.kind === 'released' && one.notice.successor !== undefined,
    ),
  'a named successor does not come': ({ stepped }) => {
    const sent = stepped?.after.state.sent;
    return sent?.request.verb === 'release' && sent.request.absent !== undefined;
  },
  'two attempts are on their way': ({ world }) =>
    new Set(
      world.messages.filter((one) => one.kind === 'request' && one.sent.request.verb === 'acquire').map(({ of }) => of),
    ).size > 1,
  'a release races an attempt': ({ world }) =>
    ['acquire', 'release'].every((verb) =>
      world.messages.some((one) => one.kind === 'request' && one.sent.request.verb === verb),
    ),
  'a notice comes while a request is in flight': ({ stepped }) => stepped?.after.state.notices.deferred !== undefined,
};

const ends = ({ stepped }: Outcome, reason: string): boolean =>
  stepped?.decisions.some((one) => one.role === 'follower' && one.reason === reason) ?? false;
