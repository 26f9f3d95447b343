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

/** Leaves on purpose: at once says `follower`, later releases. Without anything to release it is over at once. */
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
      return next(cooldown === undefined ? withoutReturn(state) : state);
    case 'leading': {
      const leaving = beginExit(state, [state.id], cooldown, context);
      const { term, renewAt } = state;
      const keeping = {
        role: 'follower',
        sent: keptSent(state),
        term,
        renewAt,
        ...(successor && { successor }),
      } as const;
      return next({ ...leaving, ...keeping, id: context.nextId(context.settings) }, { role: 'follower', reason });
    }
    default: {
      if (cooldown !== undefined) return next(state); // nothing to resign from
      // What is still to be given up may be of a term that has ended just now, and whose work is only being torn down.
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

/** A write in flight is awaited: released before it is answered, it could land after the release. A read is dropped. */
const keptSent = ({ sent }: State): Sent | undefined => (sent?.request.verb === 'read' ? undefined : sent);

function withoutReturn({ cooldown: _, ...state }: Exiting): Exiting {
  return state;
}

/** What to ask next on the way out, or the state after it when there is nothing left to ask. */
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
    const manner = id === term?.id && { ...(successor && { successor }), ...(notices.isSubscribed && { quiet: true }) };
    return { verb: 'release', ...base, id, ...manner };
  }
  if (listed === undefined || state.mustProbe) return 'settled';
  return { verb: 'withdraw', ...base, id: listed, name, ...(data !== undefined && { data }) };
}

/** Where an exit ends. */
export function settle(state: Exiting, { now }: Context): Cooling | Done {
  const { releasedAt = now, cooldown } = state;
  const released = state.releasedAt !== undefined;
  if (cooldown === undefined) return { ...common(state), phase: 'done', released };
  return { ...common(state), phase: 'cooling', released, nextAt: releasedAt + cooldown };
}

/** A reply on the way out. */
export function handleExitReply(before: Exiting, sent: Sent, reply: CandidateReply, context: Context): Step {
  const state: Exiting = { ...before, sent: undefined, mustProbe: false };
  const { term } = state;
  switch (reply.status) {
    case 'renewed': // past the deadline it is too late: what is over stays over
      return next(term && context.now < term.deadline ? applyRenewal({ ...state, term }, sent, reply, context) : state);
    case 'lost': {
      const over = term && { term: { ...term, deadline: Math.min(term.deadline, context.now) } };
      return next({ ...state, ...over, renewAt: Number.POSITIVE_INFINITY });
    }
    case 'late':
      return next({
        ...handleLate(state, sent),
        renewAt: Math.max(state.renewAt, context.now + backoff(context.settings.timeout)),
      });
    case 'granted': // an attempt that was under way when the exit began
      return next({ ...state, release: [...state.release, state.id] });
    case 'released':
    case 'gone':
      return next(handleReleaseReply(state, reply, context));
    case 'held':
    case 'suspect': // the same, refused
      return next({ ...state, listed: state.id });
    case 'withdrawn':
      return next({ ...state, listed: undefined });
    default:
      return next(state);
  }
}

/** A failed request on the way out. What cannot be released runs out by itself. */
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
