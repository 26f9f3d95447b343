import { finalize, Observable, type Subscriber } from 'rxjs';
import { ElectionError, isElectionError } from '../port/errors.js';
import type { AcquireReply, AcquireRequest, Granted } from '../port/lease-store.js';
import { countGrants, majorityOf, type Split } from './decide.js';
import {
  type ElectionState,
  giveBack,
  PATIENCE,
  PATIENCE_FOR_GRANTS,
  type Term,
  withdrawAt,
} from './election-state.js';
import type { Member } from './member.js';

/**
 * One attempt to acquire: asks all stores at once. With a majority of grants the highest of their tokens is the term's, and the candidate
 * leads when a majority has it on record: any two majorities share a store, so that the next term's token is above it. Whatever is granted
 * besides comes to nothing: to a term that is won it is one more store, else it is given back at once.
 */
export const acquire = (ledger: ElectionState, request: AcquireRequest): Observable<AcquireReply> =>
  new Observable((subscriber) => {
    const attempt = new Acquisition(ledger, request, subscriber);
    subscriber.add(() => attempt.abandon());
    attempt.begin();
  });

class Acquisition {
  readonly #ledger: ElectionState;
  readonly #request: AcquireRequest;
  readonly #subscriber: Subscriber<AcquireReply>;
  readonly #begun: number;
  /** The id that the stores know it by. */
  readonly wire: string;
  /** What became of it at each store. */
  readonly #answers: Array<AcquireReply | ElectionError | undefined>;
  /** Stores that know the token, or one above it; and those that were told in vain. */
  readonly #written = new Set<Member>();
  readonly #unwritten = new Set<Member>();
  /** Once a majority has granted it. */
  #term: Term | undefined;
  #outcome: 'open' | 'won' | 'failed' = 'open';

  constructor(ledger: ElectionState, request: AcquireRequest, subscriber: Subscriber<AcquireReply>) {
    this.#ledger = ledger;
    this.#request = request;
    this.#subscriber = subscriber;
    this.#begun = ledger.now;
    this.wire = ledger.wireOf(request.id);
    this.#answers = ledger.members.map(() => undefined);
  }

  begin(): void {
    const { underWay, members } = this.#ledger;
    const { notAfter: _, watched: __, ...rest } = this.#request;
    const request = { ...rest, id: this.wire };
    const until = this.#until(PATIENCE_FOR_GRANTS);
    let open = members.length;
    underWay.set(rest.id, this);
    for (const [i, member] of members.entries()) {
      const hear = (answer: AcquireReply | ElectionError) => this.#hear(member, i, answer);
      const asked = member.acquire(request, until, () => this.#isWanted);
      const settled = finalize<AcquireReply>(() => {
        open -= 1;
        if (open === 0 && underWay.get(rest.id) === this) underWay.delete(rest.id);
      });
      // Without an answer where it was wanted no more when its turn came.
      const unasked = () => this.#answers[i] === undefined && this.#leave(member);
      asked.pipe(settled).subscribe({ next: hear, error: hear, complete: unasked });
    }
  }

  /** Nobody waits for it any more. */
  abandon(): void {
    if (this.#outcome === 'open') this.#fail();
  }

  /** Whether grants are of use still: a term that is over is not to be brought back. */
  get #isWanted(): boolean {
    if (this.#outcome === 'won') return this.#ledger.terms.get(this.#request.id) === this.#term;
    return this.#outcome === 'open';
  }

  #hear(member: Member, i: number, answer: AcquireReply | ElectionError): void {
    this.#answers[i] = answer;
    if (!this.#isWanted) {
      this.#leave(member);
      return;
    }
    if (this.#outcome === 'won') this.#withdraw(member, answer);
    if (isGrant(answer) && this.#term) this.#write(member, i, answer, this.#term);
    if (this.#term) this.#count(this.#term);
    else this.#proceed();
  }

  /** A process that has stood still hears of grants that may have run out since. */
  get #isTooLate(): boolean {
    return this.#ledger.now >= this.#until(1);
  }

  /** Gives back what one store has granted in vain; unless the next attempt is about to ask for it there, and has it from then on. */
  #leave(member: Member): void {
    const next = this.#ledger.underWay.get(this.#request.id);
    const isAskedAgain = next !== undefined && next !== this && next.wire === this.wire;
    if (!isAskedAgain && member.mayHold(this.wire)) this.#takeBack(member);
  }

  #proceed(): void {
    const verdict = countGrants(this.#answers, this.#request.id);
    if (verdict === undefined) return;
    if (verdict !== 'elected') {
      this.#refuse(verdict);
      return;
    }
    const term = this.#settleOn();
    this.#term = term;
    for (const [i, member] of this.#ledger.members.entries()) {
      const answer = this.#answers[i];
      if (isGrant(answer)) this.#write(member, i, answer, term);
    }
    this.#count(term);
  }

  /** The term as a majority has granted it. The same request again is the same term, as long as nobody else can have led since. */
  #settleOn(): Term {
    const { id, lastToken, ttl } = this.#request;
    const tokens = this.#answers.filter(isGrant).map(({ token }) => token);
    const known = this.#ledger.terms.get(id);
    const isSame = known !== undefined && this.#ledger.now < known.until && Math.min(...tokens) >= known.token;
    const token = isSame ? known.token : Math.max(lastToken + 1, ...tokens);
    return { wire: this.wire, token, runs: this.#answers.map(() => undefined), until: this.#begun + ttl };
  }

  /** Makes sure that a store which has granted knows the token that was settled on. */
  #write(member: Member, i: number, { token, run }: Granted, term: Term): void {
    term.runs[i] = run ?? '';
    if (token >= term.token) {
      this.#written.add(member);
      return;
    }
    const { key, timeout, ttl, name, data } = this.#request;
    const more = { ...(data !== undefined && { data }), ...(run !== undefined && { run }) };
    const request = { verb: 'renew', key, timeout, ttl, name, id: this.wire, token: term.token, ...more } as const;
    const done = (isWritten: boolean) => {
      (isWritten ? this.#written : this.#unwritten).add(member);
      this.#count(term);
    };
    const asked = member.renew(request, this.#until(PATIENCE), () => this.#isWanted);
    asked.subscribe({ next: ({ status }) => done(status === 'renewed'), error: () => done(false) });
  }

  /** Wins, or fails, once it is clear how many know the token. */
  #count(term: Term): void {
    if (this.#outcome !== 'open') return;
    if (this.#isTooLate) {
      this.#refuse(new ElectionError('STORE_TIMEOUT', 'What was granted was heard of too late'));
      return;
    }
    const { members, terms } = this.#ledger;
    const majority = majorityOf(members.length);
    if (this.#written.size >= majority) {
      this.#outcome = 'won';
      this.#ledger.splits = 0;
      terms.set(this.#request.id, term);
      for (const [i, member] of members.entries()) this.#withdraw(member, this.#answers[i]);
      this.#tell({ status: 'granted', token: term.token });
      return;
    }
    const refused = this.#answers.filter((answer) => answer && !isGrant(answer));
    if (refused.length + this.#unwritten.size <= members.length - majority) return;
    this.#fail();
    this.#tell({ status: 'late' }); // what was granted has gone again while its token was written
  }

  /** Whoever leads stands by no more: neither under an id that is spent, nor at a store that has refused it. */
  #withdraw(member: Member, answer: AcquireReply | ElectionError | undefined): void {
    if (answer === undefined || isElectionError(answer)) return;
    const { id, key, timeout, name, data } = this.#request;
    const request = { verb: 'withdraw', id, key, timeout, name, ...(data !== undefined && { data }) } as const;
    const held = isGrant(answer) ? this.wire : undefined;
    withdrawAt(this.#ledger, member, request, held).subscribe({ error: () => {} });
  }

  #refuse(verdict: AcquireReply | Split | ElectionError): void {
    this.#fail();
    if (isElectionError(verdict)) this.#subscriber.error(verdict);
    else if (verdict.status === 'split') {
      const wait = this.#pause(verdict);
      const { rival, token } = verdict;
      this.#tell(
        rival ? { ...rival, holder: { ...rival.holder, expiresIn: wait } } : { status: 'suspect', wait, token },
      );
    } else {
      this.#ledger.splits = 0;
      this.#tell(verdict);
    }
  }

  /**
   * ms until the next attempt. Split votes end by chance: one asks when no other does. The longer it takes to ask, and the oftener it has
   * failed, the longer; a timeout at most, or as long as the lease of one who may lead after all.
   */
  #pause({ wait, rival }: Split): number {
    const { surroundings, now } = this.#ledger;
    const most = rival ? wait : this.#request.timeout;
    const window = Math.min(most, 4 * Math.max(1, now - this.#begun) * 2 ** this.#ledger.splits);
    this.#ledger.splits += 1;
    return Math.max(1, Math.min(wait > 0 ? wait : window, surroundings.random() * window));
  }

  #tell(reply: AcquireReply): void {
    this.#subscriber.next(reply);
    this.#subscriber.complete();
  }

  /** Gives back what was granted, and what may have been; whatever is granted later goes the same way. */
  #fail(): void {
    this.#outcome = 'failed';
    const { members, terms } = this.#ledger;
    terms.delete(this.#request.id);
    for (const member of members) if (member.mayHold(this.wire)) this.#takeBack(member);
  }

  #takeBack(member: Member): void {
    const { names } = this.#ledger;
    const { id, key, timeout } = this.#request;
    if (this.#outcome === 'failed' && names.current(id) === this.wire) names.spend(id);
    giveBack(this.#ledger, member, { verb: 'release', key, timeout, id: this.wire });
  }

  #until(patience: number): number {
    return this.#begun + patience * this.#request.timeout;
  }
}

const isGrant = (answer: AcquireReply | ElectionError | undefined): answer is Granted =>
  answer !== undefined && !isElectionError(answer) && answer.status === 'granted';
