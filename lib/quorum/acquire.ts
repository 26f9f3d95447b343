import { finalize, Observable, type Subscriber } from 'rxjs';
import { ElectionError, isElectionError } from '../port/errors.js';
import type { AcquireReply, AcquireRequest, Granted } from '../port/lease-store.js';
import { countGrants, majorityOf, type Split } from './decide.js';
import {
  type ElectionState,
  GRANT_TIMEOUT_FRACTION,
  giveBack,
  type Term,
  TIMEOUT_FRACTION,
  withdrawAt,
} from './election-state.js';
import type { Member } from './member.js';

/**
 * Makes one attempt to acquire: it asks all stores at once.
 *
 * With a majority of grants, the term's token is the highest of their tokens. The candidate leads
 * once a majority has that token on record.
 * Any two majorities share a store, so the next term's token is above it.
 * A later grant joins a term that is won. Otherwise the attempt gives it back at once.
 */
export const acquire = (state: ElectionState, request: AcquireRequest): Observable<AcquireReply> =>
  new Observable((subscriber) => {
    const attempt = new Acquisition(state, request, subscriber);
    subscriber.add(() => attempt.abandon());
    attempt.start();
  });

class Acquisition {
  readonly #state: ElectionState;
  readonly #request: AcquireRequest;
  readonly #subscriber: Subscriber<AcquireReply>;
  readonly #startedAt: number;
  /** The id under which the stores know this attempt. */
  readonly attemptId: string;
  /** The outcome at each store. */
  readonly #answers: Array<AcquireReply | ElectionError | undefined>;
  /** Stores that have the token or a higher one on record, and stores where writing it failed. */
  readonly #written = new Set<Member>();
  readonly #unwritten = new Set<Member>();
  /** Set once a majority has granted. */
  #term: Term | undefined;
  #outcome: 'open' | 'won' | 'failed' = 'open';

  constructor(state: ElectionState, request: AcquireRequest, subscriber: Subscriber<AcquireReply>) {
    this.#state = state;
    this.#request = request;
    this.#subscriber = subscriber;
    this.#startedAt = state.now;
    this.attemptId = state.attemptIdOf(request.id);
    this.#answers = state.members.map(() => undefined);
  }

  start(): void {
    const { pendingAttempts, members } = this.#state;
    const { notAfter: _, watched: __, ...rest } = this.#request;
    const request = { ...rest, id: this.attemptId };
    const until = this.#until(GRANT_TIMEOUT_FRACTION);
    let open = members.length;
    pendingAttempts.set(rest.id, this);
    for (const [i, member] of members.entries()) {
      const onAnswer = (answer: AcquireReply | ElectionError) => this.#onAnswer(member, i, answer);
      const asked = member.acquire(request, until, () => this.#isWanted);
      const settled = finalize<AcquireReply>(() => {
        open -= 1;
        if (open === 0 && pendingAttempts.get(rest.id) === this) pendingAttempts.delete(rest.id);
      });
      // The store was never asked, because the attempt was no longer wanted when its turn came.
      const onSkipped = () => this.#answers[i] === undefined && this.#giveBackUnwanted(member);
      asked.pipe(settled).subscribe({ next: onAnswer, error: onAnswer, complete: onSkipped });
    }
  }

  /** Called when nobody waits for the attempt any more. */
  abandon(): void {
    if (this.#outcome === 'open') this.#fail();
  }

  /** Whether further grants are useful. A term that is over must not be restored. */
  get #isWanted(): boolean {
    if (this.#outcome === 'won') return this.#state.terms.get(this.#request.id) === this.#term;
    return this.#outcome === 'open';
  }

  #onAnswer(member: Member, i: number, answer: AcquireReply | ElectionError): void {
    this.#answers[i] = answer;
    if (!this.#isWanted) {
      this.#giveBackUnwanted(member);
      return;
    }
    if (this.#outcome === 'won') this.#withdraw(member, answer);
    if (isGrant(answer) && this.#term) this.#write(member, i, answer, this.#term);
    if (this.#term) this.#count(this.#term);
    else this.#proceed();
  }

  /** A process that was suspended can receive grants that have expired since. */
  get #isTooLate(): boolean {
    return this.#state.now >= this.#until(1);
  }

  /**
   * Gives back one store's unwanted grant, unless the next attempt is about to use the same id
   * there.
   */
  #giveBackUnwanted(member: Member): void {
    const next = this.#state.pendingAttempts.get(this.#request.id);
    const isAskedAgain = next !== undefined && next !== this && next.attemptId === this.attemptId;
    if (!isAskedAgain && member.mayHold(this.attemptId)) this.#giveBack(member);
  }

  #proceed(): void {
    const decision = countGrants(this.#answers, this.#request.id);
    if (decision === undefined) return;
    if (decision !== 'elected') {
      this.#refuse(decision);
      return;
    }
    const term = this.#termOf();
    this.#term = term;
    for (const [i, member] of this.#state.members.entries()) {
      const answer = this.#answers[i];
      if (isGrant(answer)) this.#write(member, i, answer, term);
    }
    this.#count(term);
  }

  /**
   * The term that a majority has granted. A repeated request continues its term if nobody else can
   * have led since.
   */
  #termOf(): Term {
    const { id, lastToken, ttl } = this.#request;
    const tokens = this.#answers.filter(isGrant).map(({ token }) => token);
    const known = this.#state.terms.get(id);
    const isSame = known !== undefined && this.#state.now < known.until && Math.min(...tokens) >= known.token;
    const token = isSame ? known.token : Math.max(lastToken + 1, ...tokens);
    return { attemptId: this.attemptId, token, runs: this.#answers.map(() => undefined), until: this.#startedAt + ttl };
  }

  /** Writes the term's token to a store that granted a lower one. */
  #write(member: Member, i: number, { token, run }: Granted, term: Term): void {
    term.runs[i] = run ?? '';
    if (token >= term.token) {
      this.#written.add(member);
      return;
    }
    const { key, timeout, ttl, name, data } = this.#request;
    const more = { ...(data !== undefined && { data }), ...(run !== undefined && { run }) };
    const request = { verb: 'renew', key, timeout, ttl, name, id: this.attemptId, token: term.token, ...more } as const;
    const done = (isWritten: boolean) => {
      (isWritten ? this.#written : this.#unwritten).add(member);
      this.#count(term);
    };
    const asked = member.renew(request, this.#until(TIMEOUT_FRACTION), () => this.#isWanted);
    asked.subscribe({ next: ({ status }) => done(status === 'renewed'), error: () => done(false) });
  }

  /** Wins or fails once enough stores have the token, or can no longer have it. */
  #count(term: Term): void {
    if (this.#outcome !== 'open') return;
    if (this.#isTooLate) {
      this.#refuse(new ElectionError('STORE_TIMEOUT', 'What was granted was heard of too late'));
      return;
    }
    const { members, terms } = this.#state;
    const majority = majorityOf(members.length);
    if (this.#written.size >= majority) {
      this.#outcome = 'won';
      this.#state.splits = 0;
      terms.set(this.#request.id, term);
      for (const [i, member] of members.entries()) this.#withdraw(member, this.#answers[i]);
      this.#reply({ status: 'granted', token: term.token });
      return;
    }
    const refused = this.#answers.filter((answer) => answer && !isGrant(answer));
    if (refused.length + this.#unwritten.size <= members.length - majority) return;
    this.#fail();
    this.#reply({ status: 'late' }); // the grants expired while the token was written
  }

  /**
   * A leader no longer stands: remove it from the list under its given-up ids, and at stores that
   * refused it.
   */
  #withdraw(member: Member, answer: AcquireReply | ElectionError | undefined): void {
    if (answer === undefined || isElectionError(answer)) return;
    const { id, key, timeout, name, data } = this.#request;
    const request = { verb: 'withdraw', id, key, timeout, name, ...(data !== undefined && { data }) } as const;
    const held = isGrant(answer) ? this.attemptId : undefined;
    withdrawAt(this.#state, member, request, held).subscribe({ error: () => {} });
  }

  #refuse(decision: AcquireReply | Split | ElectionError): void {
    this.#fail();
    if (isElectionError(decision)) this.#subscriber.error(decision);
    else if (decision.status === 'split') {
      const wait = this.#pause(decision);
      const { rival, token } = decision;
      this.#reply(
        rival ? { ...rival, holder: { ...rival.holder, expiresIn: wait } } : { status: 'suspect', wait, token },
      );
    } else {
      this.#state.splits = 0;
      this.#reply(decision);
    }
  }

  /**
   * ms until the next attempt.
   *
   * Split votes end by chance, when one candidate asks while no other does. The window grows with
   * the time of an attempt and with repeated failures.
   * It is at most one timeout, or the lease of a rival that may lead.
   */
  #pause({ wait, rival }: Split): number {
    const { environment, now } = this.#state;
    const most = rival ? wait : this.#request.timeout;
    const window = Math.min(most, 4 * Math.max(1, now - this.#startedAt) * 2 ** this.#state.splits);
    this.#state.splits += 1;
    return Math.max(1, Math.min(wait > 0 ? wait : window, environment.random() * window));
  }

  #reply(reply: AcquireReply): void {
    this.#subscriber.next(reply);
    this.#subscriber.complete();
  }

  /** Gives back all grants, certain and possible. Later grants are given back too. */
  #fail(): void {
    this.#outcome = 'failed';
    const { members, terms } = this.#state;
    terms.delete(this.#request.id);
    for (const member of members) if (member.mayHold(this.attemptId)) this.#giveBack(member);
  }

  #giveBack(member: Member): void {
    const { attemptIds } = this.#state;
    const { id, key, timeout } = this.#request;
    if (this.#outcome === 'failed' && attemptIds.current(id) === this.attemptId) attemptIds.advance(id);
    giveBack(this.#state, member, { verb: 'release', key, timeout, id: this.attemptId });
  }

  #until(fraction: number): number {
    return this.#startedAt + fraction * this.#request.timeout;
  }
}

const isGrant = (answer: AcquireReply | ElectionError | undefined): answer is Granted =>
  answer !== undefined && !isElectionError(answer) && answer.status === 'granted';
