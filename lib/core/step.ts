import type { CandidateRequest } from '../port/lease-store.js';
import { campaign, campaignRequest, handleCampaignFailure, handleCampaignReply } from './campaign.js';
import { exit, exitRequest, handleExitFailure, handleExitReply, settle } from './exit.js';
import { expire, handleRenewalFailure, handleRenewalReply, renewRequest } from './lead.js';
import { learn, type Memory } from './memory.js';
import { countAttempt, handleNotice } from './notice.js';
import { earliness } from './settings.js';
import { type Campaigning, type Context, type Event, type NoticeState, next, type State, type Step } from './state.js';

/** Before the first notice. */
const NO_NOTICES: NoticeState = {
  isSubscribed: false,
  rateLimitedUntil: Number.NEGATIVE_INFINITY,
  isRateLimited: false,
  isRunInDoubt: false,
  deferred: undefined,
  rivalToken: 0,
};

/**
 * The first state of a candidate, which may try at once. If `memory.mustProbe` is set, it starts
 * with a read.
 */
export function initialState(memory: Memory, { settings, now, nextId }: Context): Campaigning {
  return {
    phase: 'campaigning',
    id: nextId(settings),
    memory,
    role: undefined,
    holder: undefined,
    listed: undefined,
    retired: [],
    mustProbe: memory.mustProbe,
    notices: NO_NOTICES,
    lastSentAt: Number.NEGATIVE_INFINITY,
    hasFailed: false,
    nextAt: now,
  };
}

/**
 * Applies one event: returns the new state and the changes of role.
 *
 * The new state also says what to do: `sent` is the request to have in flight, and {@link wakeAt}
 * is when to wake up.
 */
export function step(before: State, event: Event, context: Context): Step {
  const expired = expire(before, context);
  const handled = handle(expired.state, event, context);
  const decisions = expired.decisions.length > 0 ? [...expired.decisions, ...handled.decisions] : handled.decisions;
  return {
    state: sendNext(handled.state, context, event.kind === 'wake' ? earliness(context.settings) : 0),
    decisions,
  };
}

/**
 * Own time of the next wake-up without another event. Infinity while only a reply can change the
 * state.
 */
export function wakeAt(state: State): number {
  switch (state.phase) {
    case 'campaigning':
      return state.sent ? Number.POSITIVE_INFINITY : state.nextAt;
    case 'leading':
      return state.sent ? state.term.deadline : Math.min(state.renewAt, state.term.deadline);
    case 'exiting':
      return state.sent
        ? Number.POSITIVE_INFINITY
        : (state.awaitingSuccessor?.until ?? Math.min(state.renewAt, state.drainBy));
    case 'cooling':
      return state.nextAt;
    case 'done':
      return Number.POSITIVE_INFINITY;
  }
}

/**
 * Whether the next wake-up may be a little early. That is safe for a renewal with no request in
 * flight.
 */
export const isRenewal = (state: State): boolean =>
  state.phase === 'leading' && state.sent === undefined && state.renewAt < state.term.deadline;

function handle(state: State, event: Event, context: Context): Step {
  switch (event.kind) {
    case 'wake':
      return next(state);
    case 'reply':
    case 'failure':
      return event.sent === state.sent ? handleAnswer(state, event, context) : next(state);
    case 'exit':
      return exit(state, event.reason, event, context);
    case 'drained':
      return next(state.phase === 'exiting' ? { ...state, drained: true } : state);
    case 'notice':
      return next(handleNotice(state, event.notice, context));
  }
}

type Answer = Extract<Event, { readonly sent: unknown }>;

function handleAnswer(before: State, event: Answer, context: Context): Step {
  if (event.kind === 'failure') {
    const { sent, error } = event;
    if (before.phase === 'campaigning') return handleCampaignFailure(before, sent, error, context);
    if (before.phase === 'leading') return handleRenewalFailure({ ...before, sent: undefined }, error, context);
    if (before.phase === 'exiting') return handleExitFailure(before, sent, error, context);
    return next(before);
  }
  const { sent, reply } = event;
  const memory = learn(before.memory, reply, context.now, context.settings.ttl);
  if (before.phase === 'leading')
    return handleRenewalReply({ ...before, memory, sent: undefined }, sent, reply, context);
  const state = { ...before, memory };
  if (state.phase === 'campaigning') return handleCampaignReply(state, sent, reply, context);
  if (state.phase === 'exiting') return handleExitReply(state, sent, reply, context);
  return next(state);
}

/**
 * Sends the next request if it is due and none is in flight. One at a time, so that no request
 * overtakes another.
 *
 * A renewal may be sent `early` ms before it is due, because elections share timers.
 */
function sendNext(state: State, context: Context, early = 0): State {
  if (state.sent) return state;
  switch (state.phase) {
    case 'campaigning':
      return context.now < state.nextAt
        ? state
        : send(countAttempt(state, context), campaignRequest(state, context), context);
    case 'leading':
      return context.now < state.renewAt - early
        ? state
        : send(state, renewRequest(state, state.term, context), context);
    case 'exiting': {
      const request = exitRequest(state, context);
      if (request === undefined) return state;
      return request === 'settled' ? settle(state, context) : send(state, request, context);
    }
    case 'cooling':
      return context.now < state.nextAt ? state : sendNext(campaign(state, context.now), context);
    case 'done':
      return state;
  }
}

/**
 * Sends `request`. Its reply settles the open questions: who has the lease, and which server run
 * answers.
 */
function send<S extends State>(state: S, request: CandidateRequest, { now }: Context): S {
  const { rivalToken, isRunInDoubt } = state.notices;
  const reportsRun = request.verb === 'acquire' || request.verb === 'renew';
  const hasOpenQuestion = rivalToken > 0 || (isRunInDoubt && reportsRun);
  const notices = hasOpenQuestion
    ? { ...state.notices, rivalToken: 0, isRunInDoubt: isRunInDoubt && !reportsRun }
    : state.notices;
  return { ...state, notices, lastSentAt: now, sent: { request, at: now } };
}
