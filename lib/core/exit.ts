import type { ElectionError } from '../port/errors.js';
import type { CandidateReply, CandidateRequest } from '../port/lease-store.js';
import { mustProbeAfter } from './campaign.js';
import { handleReleaseFailure, handleReleaseReply, settleBy } from './handover.js';
import { applyRenewal, handleLate, renewRequest, repeatRenewal } from './lead.js';
import { backoff } from './settings.js';
import {
  type Context,
  type Cooling,
  common,
  type Done,
  type Exiting,
  type ExitOptions,
  next,
  type Sent,
  type State,
  type Step,
} from './state.js';

/**
 * Starts a voluntary exit: emits `follower` at once and releases the lease later.
 *
 * The exit is over at once if there is nothing to release.
 */
export function exit(
  state: State,
  reason: 'resigned' | 'closed',
  { cooldown, successor }: ExitOptions,
  context: Context,
): Step {
  switch (state.phase) {
    case 'done':
      return next(state);
    case 'exiting':
      return next(cooldown === undefined ? makeFinal(state) : state);
    case 'leading': {
      const leaving = beginExit(state, [state.id], cooldown, context);
      const { term, renewAt } = state;
      const kept = {
        role: 'follower',
        sent: keptSent(state),
        term,
        renewAt,
        ...(successor && { successor }),
      } as const;
      return next({ ...leaving, ...kept, id: context.nextId(context.settings) }, { role: 'follower', reason });
    }
    default: {
      if (cooldown !== undefined) return next(state); // there is no term to resign from
      // A retired id may belong to a term that just ended, whose work is still stopping.
      const sent = keptSent(state);
      const drained = state.retired.length === 0 || sent !== undefined;
      return next({ ...beginExit(state, state.retired, cooldown, context), drained, sent });
    }
  }
}

function beginExit(state: State, release: readonly string[], cooldown: number | undefined, context: Context): Exiting {
  return {
    ...common(state),
    phase: 'exiting',
    holder: undefined,
    renewAt: Number.POSITIVE_INFINITY,
    drained: false,
    drainBy: context.now + context.settings.drain,
    release,
    ...(cooldown !== undefined && { cooldown }),
  };
}

/** Keeps a write in flight: a release sent before its reply could overtake it. Drops a read. */
const keptSent = ({ sent }: State): Sent | undefined => (sent?.request.verb === 'read' ? undefined : sent);

function makeFinal({ cooldown: _, ...state }: Exiting): Exiting {
  return state;
}

/**
 * The next request of an exit, `'settled'` when none is left, or undefined while the exit waits.
 */
export function exitRequest(state: Exiting, context: Context): CandidateRequest | 'settled' | undefined {
  const { now, settings } = context;
  if (!state.drained && now < state.drainBy) {
    const due = state.term && now >= state.renewAt && now < state.term.deadline;
    return due ? renewRequest(state, state.term, context) : undefined;
  }
  const { term, awaitingSuccessor, successor, notices, listed } = state;
  const [id] = state.release;
  const { key, name, data } = settings;
  const base = { key, timeout: Math.max(1, Math.min(settings.timeout, settleBy(state, settings) - now)) };
  if (awaitingSuccessor)
    return now < awaitingSuccessor.until
      ? undefined
      : { verb: 'release', ...base, id: id ?? '', absent: awaitingSuccessor.to };
  if (id !== undefined) {
    const options = id === term?.id && {
      ...(successor && { successor }),
      ...(notices.isSubscribed && { quiet: true }),
    };
    return { verb: 'release', ...base, id, ...options };
  }
  if (listed === undefined || state.mustProbe) return 'settled';
  return { verb: 'withdraw', ...base, id: listed, name, ...(data !== undefined && { data }) };
}

/** The state after an exit. */
export function settle(state: Exiting, { now }: Context): Cooling | Done {
  const { releasedAt = now, cooldown } = state;
  const released = state.releasedAt !== undefined;
  if (cooldown === undefined) return { ...common(state), phase: 'done', released };
  return { ...common(state), phase: 'cooling', released, nextAt: releasedAt + cooldown };
}

/** Handles a reply during an exit. */
export function handleExitReply(before: Exiting, sent: Sent, reply: CandidateReply, context: Context): Step {
  const state: Exiting = { ...before, sent: undefined, mustProbe: false };
  const { term } = state;
  switch (reply.status) {
    case 'renewed': // a reply past the deadline is too late to revive the term
      return next(term && context.now < term.deadline ? applyRenewal({ ...state, term }, sent, reply, context) : state);
    case 'lost': {
      const ended = term && { term: { ...term, deadline: Math.min(term.deadline, context.now) } };
      return next({ ...state, ...ended, renewAt: Number.POSITIVE_INFINITY });
    }
    case 'late':
      return next({
        ...handleLate(state, sent),
        renewAt: Math.max(state.renewAt, context.now + backoff(context.settings.timeout)),
      });
    case 'granted': // the attempt was in flight when the exit began
      return next({ ...state, release: [...state.release, state.id] });
    case 'released':
    case 'gone':
      return next(handleReleaseReply(state, reply, context));
    case 'held':
    case 'suspect': // the attempt was refused
      return next({ ...state, listed: state.id });
    case 'withdrawn':
      return next({ ...state, listed: undefined });
    default:
      return next(state);
  }
}

/** Handles a failed request during an exit. A lease that cannot be released expires by itself. */
export function handleExitFailure(before: Exiting, sent: Sent, error: ElectionError, context: Context): Step {
  const state = { ...before, sent: undefined, mustProbe: mustProbeAfter(before.mustProbe, error) };
  const { request } = sent;
  switch (request.verb) {
    case 'renew':
      return next(repeatRenewal(state, context));
    case 'acquire':
      return next({ ...state, release: [...state.release, state.id] });
    case 'release':
      return next(handleReleaseFailure(state, request, context));
    default:
      return next({ ...state, listed: undefined });
  }
}
