import type { LeaseRecord } from 'rx-leader/testing';
import type { AcquireRequest } from '../../lib/port/lease-store.js';
import type { Span } from '../checker.js';
import type { EventQueue } from './event-queue.js';

/** What a candidate has heard of the store. */
export interface Knowledge {
  /** When the record was written last, by whomever. */
  readonly written: number | undefined;
  /** When it was answered last before that. */
  readonly before: number | undefined;
  /** When it was answered first since then. */
  readonly since: number | undefined;
}

/**
 * Where the contract allows two leaders at once, or a token that falls, and for how long: what is written down in docs/reliability/faults.md under
 * "What is not promised", as far as a world has made it possible.
 */
export class Exceptions {
  readonly #events: EventQueue;
  readonly #ttl: number;
  /** True times at which the lease was granted to one who could not have known better. */
  readonly #unknowingGrants: number[] = [];
  /** Machines whose every clock stood still, and until when. */
  readonly #frozen: Array<{ readonly who: string; readonly from: number; to: number }> = [];
  #lastRun = 0;
  /** When the store may have lost something. */
  readonly #losses: number[] = [];
  readonly #steps: Array<{ readonly at: number; readonly ms: number; readonly server: number }> = [];
  /** By each server, as far as nothing was lost since: its time when the lease was written last, and the latest at which it ever was. */
  readonly #writings = new Map<number, { readonly last: number; readonly latest: number }>();

  /** Servers whose clocks need not agree: a token that only one of them remembers is lost with it. */
  readonly #areSeveral: boolean;

  constructor(events: EventQueue, ttl: number, areSeveral = false) {
    this.#events = events;
    this.#ttl = ttl;
    this.#areSeveral = areSeveral;
  }

  /** The store may have lost something. */
  lost(): void {
    this.#losses.push(this.#events.now);
    this.#writings.clear();
  }

  /** A lease was written at ms `time` of `server`. */
  wrote(time: number, server = 0): void {
    const last = Math.floor(time);
    this.#writings.set(server, { last, latest: Math.max(last, this.#writings.get(server)?.latest ?? 0) });
  }

  /** Whether the clock of `server` was behind itself when the lease was written last: that is on record, so that nobody is misled when it is corrected. */
  isBehind(server = 0): boolean {
    const { last = 0, latest = 0 } = this.#writings.get(server) ?? {};
    return last < latest;
  }

  /** What was lost may have been lost since the leader last wrote it: what it gives up has to be waited out. */
  get hasJustLost(): boolean {
    return this.#events.now - (this.#losses.at(-1) ?? Number.NEGATIVE_INFINITY) < this.#ttl;
  }

  /** Another run of the store has the data now. */
  ranAnew(): void {
    this.#lastRun = this.#events.now;
  }

  /** Whether what was granted at `at` has been granted by another run of the store: the first hand-over then takes a lease. */
  isOfEarlierRun(at: number): boolean {
    return at <= this.#lastRun;
  }

  /** The clock of the store was set, or of this one of several. */
  clockSet(ms: number, server = 0): void {
    this.#steps.push({ at: this.#events.now, ms, server });
  }

  froze(name: string): () => void {
    const span = { who: name, from: this.#events.now, to: Number.POSITIVE_INFINITY };
    this.#frozen.push(span);
    return () => {
      span.to = this.#events.now;
    };
  }

  /**
   * The lease was granted to one who can tell neither an emptied store from a new one, nor a clock that was set forward since the
   * lease was written from one that was not: as it had heard nothing before, or only under a clock that was further ahead.
   */
  granted(
    { coldStart }: AcquireRequest,
    record: LeaseRecord | undefined,
    heard: Knowledge,
    /** The highest it was told of when it asked. */
    token: number,
    server = 0,
  ): void {
    const emptied = this.#lost && !record && token === 0 && coldStart === 'elect';
    if (emptied || this.#isMisdated(heard, server)) this.#unknowingGrants.push(this.#events.now);
  }

  #isMisdated({ written, before, since }: Knowledge, server: number): boolean {
    if (written === undefined || this.isBehind(server)) return false;
    const limit = this.#offsetAt(written, server);
    const isAhead = (at: number | undefined) => at === undefined || this.#offsetAt(at, server) > limit;
    return isAhead(this.#events.now) && isAhead(before) && isAhead(since);
  }

  /** By how much the clock of `server` had been set by `time`. */
  #offsetAt(time: number, server: number): number {
    const steps = this.#steps.filter((step) => step.server === server && step.at <= time);
    return steps.reduce((sum, { ms }) => sum + ms, 0);
  }

  /** Tokens rise as long as the record, a candidate's memory or a server clock that has not gone back survives. */
  get mayLowerTokens(): boolean {
    return this.#lost && (this.wasSetBack || this.#areSeveral);
  }

  get #lost(): boolean {
    return this.#losses.length > 0;
  }

  /** Some may reckon the server's time wrongly until they have heard of it twice, and wait out a lease for that. */
  get mayMisreckon(): boolean {
    return this.#steps.length > 0 || this.#frozen.length > 0;
  }

  get wasSetBack(): boolean {
    return this.#steps.some(({ ms }) => ms < 0);
  }

  excuse(older: Span, newer: Span): boolean {
    const ledBeside = this.#hasFrozen(older, newer) || this.#mayOverlap(older, newer);
    const isApart = newer.last < older.first || (newer.token === older.token && older.last < newer.first);
    return ledBeside || (this.mayLowerTokens && isApart);
  }

  /**
   * Until a lease would have run out by a clock that has stood still until then; the term may have been told only then, too. Longer where the clock
   * of the other stands still meanwhile, which then learns later that the first has its lease again.
   */
  #hasFrozen(older: Span, newer: Span): boolean {
    const end = Math.min(older.last, Math.max(newer.last, older.first));
    // Where tokens may fall, they do not say who is older.
    const isEither = this.#areSeveral || this.mayLowerTokens;
    const isOne = (who: string) => who === older.who || (isEither && who === newer.who);
    return this.#frozen.some(
      ({ who, from, to }) => isOne(who) && from <= end && end <= this.#learntBy(newer, to + this.#ttl),
    );
  }

  /** Until the other has learnt of it: later than at `until` where its clock has stood still meanwhile, or the store has lost its lease. */
  #learntBy({ who }: Span, until: number): number {
    const froze = this.#frozen.filter((one) => one.who === who && one.from <= until && until < one.to + this.#ttl);
    const lost = this.#losses.filter((at) => until - this.#ttl <= at && at <= until);
    return Math.max(until, ...[...froze.map(({ to }) => to), ...lost].map((at) => at + this.#ttl));
  }

  /** Grants of several servers make a term when they are heard of together: by a machine that was frozen meanwhile, long after they ran out. */
  mayBeOutdated(name: string): boolean {
    return this.#areSeveral && this.#frozen.some(({ who, to }) => who === name && this.#events.now <= to + this.#ttl);
  }

  /** Until the lease of one that led beside another would have run out: until then, either may be followed by a third. */
  #mayOverlap(older: Span, newer: Span): boolean {
    const end = Math.min(older.last, newer.last);
    return this.#unknowingGrants.some((at) => at <= end && end <= at + this.#ttl);
  }
}
