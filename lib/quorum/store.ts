import { type Observable, of } from 'rxjs';
import { type ElectionError, isElectionError } from '../port/errors.js';
import type {
  LeaseStore,
  ListReply,
  ListRequest,
  ReadReply,
  ReadRequest,
  ReleaseReply,
  ReleaseRequest,
  RenewReply,
  RenewRequest,
  WithdrawReply,
  WithdrawRequest,
} from '../port/lease-store.js';
import { forElection } from '../stream/request.js';
import { getOrMake } from '../util/lookup.js';
import { acquire } from './acquire.js';
import { askAll } from './ask-all.js';
import { countLists, countReads, countReleases, countRenewals, countWithdrawals } from './decide.js';
import { ElectionState, type Environment, endOf, giveBack, type Term, withdrawAt } from './election-state.js';
import { notices } from './notices.js';

/** Combines several stores into one by majority. See `quorum`. */
export function quorumStore(stores: readonly LeaseStore[], environment: Environment): LeaseStore {
  const states = new Map<string, ElectionState>();
  const stateOf = (key: string) => getOrMake(states, key, () => new ElectionState(stores, environment));
  return {
    acquire: (request) => acquire(stateOf(request.key), request),
    renew: (request) => renew(stateOf(request.key), request),
    release: (request) => release(stateOf(request.key), request),
    read: (request) => read(stateOf(request.key), request),
    ...(stores.every((store) => store.list) && {
      list: (request: ListRequest) => list(stateOf(request.key), request),
    }),
    withdraw: (request) => withdraw(stateOf(request.key), request),
    notices: (key) => notices(stores, key),
    // Elections of one process must not wait for each other, nor give back each other's leases.
    forElection: (limits) =>
      quorumStore(
        stores.map((store) => forElection(store, limits)),
        environment,
      ),
  };
}

/**
 * Renews at every store that granted. A store that did not grant, or has lost the lease, joins once
 * a majority has confirmed the term.
 * A renewal must not restore it there: no run would be on record, so a loss of data would go
 * undetected.
 */
function renew(state: ElectionState, request: RenewRequest): Observable<RenewReply> {
  const { members, terms, now } = state;
  const term = terms.get(request.id);
  const { run: _, notAfter: __, asksRun: ___, ...rest } = request;
  const translated = { ...rest, id: state.attemptIdOf(request.id) };
  const until = endOf(state, request);
  const isWanted = () => terms.get(request.id) === term;
  const afterDecision = (decision: RenewReply | ElectionError, answer: RenewReply | ElectionError, i: number) => {
    const member = members[i];
    if (!member || isElectionError(decision)) return;
    const status = isElectionError(answer) ? answer.code : answer.status;
    if (decision.status === 'renewed') {
      if (term) term.until = Math.max(term.until, now + request.ttl);
      const isAbsent = status === 'lost' && !('holder' in answer && answer.holder);
      if (term && isAbsent) join(state, request, term, i);
    }
    if (decision.status !== 'lost') return;
    if (terms.get(request.id) === term) terms.delete(request.id);
    // The remaining lease blocks every other candidate.
    if (status === 'renewed' || status === 'STORE_TIMEOUT' || status === 'STORE_UNAVAILABLE') {
      const { key, timeout } = request;
      giveBack(state, member, { verb: 'release', key, timeout, id: translated.id });
    }
  };
  return askAll(
    members,
    (member, i) => {
      if (term && term.runs[i] === undefined) return of({ status: 'lost' });
      const run = term?.runs[i];
      return member.renew({ ...translated, ...(run && { run }) }, until, isWanted);
    },
    countRenewals,
    afterDecision,
  );
}

/**
 * Acquires at one more store, for a term that a majority has just confirmed.
 *
 * A renewal is not enough, because a failed attempt of another candidate has left a higher token
 * there.
 * The store counts from the next renewal on. It never restores a term, since without a majority
 * there is none.
 */
function join(state: ElectionState, request: RenewRequest, term: Term, i: number): void {
  const { verb: _, run: __, notAfter: ___, asksRun: ____, ...rest } = request;
  const { token } = request;
  const acquire = { ...rest, verb: 'acquire', id: term.attemptId, lastToken: token, coldStart: 'elect' } as const;
  const isWanted = () => state.terms.get(request.id) === term;
  state.members[i]?.acquire(acquire, endOf(state, request), isWanted, true).subscribe({
    next: (reply) => {
      if (reply.status === 'granted') term.runs[i] = reply.run ?? '';
    },
    error: () => {}, // the next renewal detects the failure
  });
}

function release(state: ElectionState, request: ReleaseRequest): Observable<ReleaseReply> {
  // A quiet release notifies one candidate at one store, unknown to the others. A quorum always
  // notifies everyone.
  const { quiet: _, ...rest } = request;
  const translated = { ...rest, id: state.attemptIdOf(request.id) };
  const until = endOf(state, request);
  state.terms.delete(request.id);
  // Also wait for slow stores: their answers show which leases are left.
  return askAll(
    state.members,
    (member) => member.release(translated, until),
    countReleases,
    () => {},
  );
}

function withdraw(state: ElectionState, request: WithdrawRequest): Observable<WithdrawReply> {
  // Also wait for slow stores, or they would keep naming the candidate as a successor.
  return askAll(
    state.members,
    (member) => withdrawAt(state, member, request),
    countWithdrawals,
    () => {},
  );
}

const read = (state: ElectionState, request: ReadRequest): Observable<ReadReply> =>
  askAll(state.members, (member) => member.read(request, endOf(state, request)), countReads);

const list = (state: ElectionState, request: ListRequest): Observable<ListReply> =>
  askAll(state.members, (member) => member.list(request, endOf(state, request)), countLists);
