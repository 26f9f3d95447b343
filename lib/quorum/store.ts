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

/** One store over several: what a majority of `stores` says. See `quorum`. */
export function quorumStore(stores: readonly LeaseStore[], surroundings: Environment): LeaseStore {
  const ledgers = new Map<string, ElectionState>();
  const ledgerOf = (key: string) => getOrMake(ledgers, key, () => new ElectionState(stores, surroundings));
  return {
    acquire: (request) => acquire(ledgerOf(request.key), request),
    renew: (request) => renew(ledgerOf(request.key), request),
    release: (request) => release(ledgerOf(request.key), request),
    read: (request) => read(ledgerOf(request.key), request),
    ...(stores.every((store) => store.list) && {
      list: (request: ListRequest) => list(ledgerOf(request.key), request),
    }),
    withdraw: (request) => withdraw(ledgerOf(request.key), request),
    notices: (key) => notices(stores, key),
    // Elections of one process are not to wait for each other, nor to take back what is another's.
    forElection: (limits) =>
      quorumStore(
        stores.map((store) => forElection(store, limits)),
        surroundings,
      ),
  };
}

/**
 * Renews wherever it was granted. A store that did not grant it joins in as soon as a majority has confirmed the term, and so does one that has
 * lost it. (A renewal would put it back there without a run on record, by which a loss of data is known.)
 */
function renew(ledger: ElectionState, request: RenewRequest): Observable<RenewReply> {
  const { members, terms, now } = ledger;
  const term = terms.get(request.id);
  const { run: _, notAfter: __, asksRun: ___, ...rest } = request;
  const wired = { ...rest, id: ledger.wireOf(request.id) };
  const until = endOf(ledger, request);
  const isWanted = () => terms.get(request.id) === term;
  const afterwards = (verdict: RenewReply | ElectionError, answer: RenewReply | ElectionError, i: number) => {
    const member = members[i];
    if (!member || isElectionError(verdict)) return;
    const status = isElectionError(answer) ? answer.code : answer.status;
    if (verdict.status === 'renewed') {
      if (term) term.until = Math.max(term.until, now + request.ttl);
      const isAbsent = status === 'lost' && !('holder' in answer && answer.holder);
      if (term && isAbsent) join(ledger, request, term, i);
    }
    if (verdict.status !== 'lost') return;
    if (terms.get(request.id) === term) terms.delete(request.id);
    // What is left of it stands in everybody's way.
    if (status === 'renewed' || status === 'STORE_TIMEOUT' || status === 'STORE_UNAVAILABLE') {
      const { key, timeout } = request;
      giveBack(ledger, member, { verb: 'release', key, timeout, id: wired.id });
    }
  };
  return askAll(
    members,
    (member, i) => {
      if (term && term.runs[i] === undefined) return of({ status: 'lost' });
      const run = term?.runs[i];
      return member.renew({ ...wired, ...(run && { run }) }, until, isWanted);
    },
    countRenewals,
    afterwards,
  );
}

/**
 * Acquires at one more store, for a term that a majority has just confirmed. A renewal alone cannot: whoever tried there in vain has left
 * a higher token. It counts from the next renewal on, and never brings back a term, since without a majority there is none.
 */
function join(ledger: ElectionState, request: RenewRequest, term: Term, i: number): void {
  const { verb: _, run: __, notAfter: ___, asksRun: ____, ...rest } = request;
  const { token } = request;
  const acquire = { ...rest, verb: 'acquire', id: term.wire, lastToken: token, coldStart: 'elect' } as const;
  const isWanted = () => ledger.terms.get(request.id) === term;
  ledger.members[i]?.acquire(acquire, endOf(ledger, request), isWanted, true).subscribe({
    next: (reply) => {
      if (reply.status === 'granted') term.runs[i] = reply.run ?? '';
    },
    error: () => {}, // the next renewal finds out
  });
}

function release(ledger: ElectionState, request: ReleaseRequest): Observable<ReleaseReply> {
  // Of one who was told alone by one store, the others know nothing: everybody is told.
  const { quiet: _, ...rest } = request;
  const wired = { ...rest, id: ledger.wireOf(request.id) };
  const until = endOf(ledger, request);
  ledger.terms.delete(request.id);
  // Those that are slow are heard out as well, or it would be forgotten what they may have kept.
  return askAll(
    ledger.members,
    (member) => member.release(wired, until),
    countReleases,
    () => {},
  );
}

function withdraw(ledger: ElectionState, request: WithdrawRequest): Observable<WithdrawReply> {
  // Those that are slow are heard out as well, or they would go on naming it.
  return askAll(
    ledger.members,
    (member) => withdrawAt(ledger, member, request),
    countWithdrawals,
    () => {},
  );
}

const read = (ledger: ElectionState, request: ReadRequest): Observable<ReadReply> =>
  askAll(ledger.members, (member) => member.read(request, endOf(ledger, request)), countReads);

const list = (ledger: ElectionState, request: ListRequest): Observable<ListReply> =>
  askAll(ledger.members, (member) => member.list(request, endOf(ledger, request)), countLists);
