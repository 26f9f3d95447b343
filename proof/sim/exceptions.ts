import type { LeaseRecord } from 'rx-leader/testing';
import type { AcquireRequest } from '../../lib/port/lease-store.js';
import type { Span } from '../checker.js';
import type { EventQueue } from './event-queue.js';

/** What a candidate has received from the store. */
export interface Knowledge {
  /** When the record was last written, by any candidate. */
  readonly written: number | undefined;
  /** When the last answer before that was made. */
  readonly before: number | undefined;
  /** When the first answer since then was made. */
  readonly since: number | undefined;
}

/**
 * Where the contract allows two leaders at once or a falling token, and for how long. It follows
 * "What is not promised" in docs/reliability/faults.md, as far as a world has made it possible.
 */
export class Exceptions {
  readonly #events: EventQueue;
  readonly #ttl: number;
  /** True times at which a candidate was granted the lease and could not know better. */
  readonly #unknowingGrants: number[] = [];
  /** Machines on which every clock stopped, and until when. */
  readonly #frozen: Array<{ readonly who: string; readonly from: number; to: number }> = [];
  #lastRun = 0;
  /** When the store may have lost data. */
  readonly #losses: number[] = [];
  readonly #steps: Array<{ readonly at: number; readonly ms: number; readonly server: number }> = [];
  /**
   * For each server, since its last loss: its time at the latest write of the lease, and the
   * highest time at any write.
   */
  readonly #writings = new Map<number, { readonly last: number; readonly latest: number }>();

  /** Servers whose clocks may differ: a token that only one of them remembers is lost with it. */
  readonly #areSeveral: boolean;

  constructor(events: EventQueue, ttl: number, areSeveral = false) {
    this.#events = events;
    this.#ttl = ttl;
    this.#areSeveral = areSeveral;
  }

  /** The store may have lost data. */
  lost(): void {
    this.#losses.push(this.#events.now);
    this.#writings.clear();
  }

  /** A lease was written at ms `time` of `server`. */
  wrote(time: number, server = 0): void {
    const last = Math.floor(time);
    this.#writings.set(server, { last, latest: Math.max(last, this.#writings.get(server)?.latest ?? 0) });
  }

  /**
   * Whether the clock of `server` was behind its own past when the lease was last written. The
   * record shows this, so a correction of the clock misleads no candidate.
   */
  isBehind(server = 0): boolean {
    const { last = 0, latest = 0 } = this.#writings.get(server) ?? {};
    return last < latest;
  }

  /**
   * The loss may be newer than the leader's latest write, so its released lease must be waited
   * out.
   */
  get hasJustLost(): boolean {
    return this.#events.now - (this.#losses.at(-1) ?? Number.NEGATIVE_INFINITY) < this.#ttl;
  }

  /** Another run of the store now has the data. */
  ranAnew(): void {
    this.#lastRun = this.#events.now;
  }

  /**
   * Whether another run of the store granted what was granted at `at`: the first hand-over then
   * takes a lease.
   */
  isOfEarlierRun(at: number): boolean {
    return at <= this.#lastRun;
  }

  /** The clock of the store, or of one of several servers, was set. */
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
   * A lease was granted to a candidate that could not know better. It cannot tell an emptied store
   * from a new one. It also misses a clock that was set forward since the lease was written, if it
   * had received nothing before, or only under a clock that was further ahead.
   */
  granted(
    { coldStart }: AcquireRequest,
    record: LeaseRecord | undefined,
    heard: Knowledge,
    /** The highest token that it knew when it sent the request. */
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

  /**
   * Tokens rise as long as one of these survives: the record, a candidate's memory, or a server
   * clock that has not gone back.
   */
  get mayLowerTokens(): boolean {
    return this.#lost && (this.wasSetBack || this.#areSeveral);
  }

  get #lost(): boolean {
    return this.#losses.length > 0;
  }

  /**
   * A candidate may misjudge the server's time until it has received it twice, and then waits out
   * a lease.
   */
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
   * Overlaps are excused until the lease runs out by a clock that was frozen; only then may the
   * term end. The excuse lasts longer if the other's clock is frozen meanwhile: it then learns
   * later that the first has its lease again.
   */
  #hasFrozen(older: Span, newer: Span): boolean {
    const end = Math.min(older.last, Math.max(newer.last, older.first));
    // If tokens may fall, they do not tell which term is older.
    const isEither = this.#areSeveral || this.mayLowerTokens;
    const isOne = (who: string) => who === older.who || (isEither && who === newer.who);
    return this.#frozen.some(
      ({ who, from, to }) => isOne(who) && from <= end && end <= this.#learntBy(newer, to + this.#ttl),
    );
  }

  /**
   * When the other has learnt of it: later than `until` if its clock was frozen or the store lost
   * its lease meanwhile.
   */
  #learntBy({ who }: Span, until: number): number {
    const froze = this.#frozen.filter((one) => one.who === who && one.from <= until && until < one.to + this.#ttl);
    const lost = this.#losses.filter((at) => until - this.#ttl <= at && at <= until);
    return Math.max(until, ...[...froze.map(({ to }) => to), ...lost].map((at) => at + this.#ttl));
  }

  /**
   * Grants of several servers make a term once they are received together. A machine that was
   * frozen meanwhile may receive them long after they ran out.
   */
  mayBeOutdated(name: string): boolean {
    return this.#areSeveral && this.#frozen.some(({ who, to }) => who === name && this.#events.now <= to + this.#ttl);
  }

  /**
   * Two leaders are excused until the lease of the second would have run out; until then a third
   * may follow either.
   */
  #mayOverlap(older: Span, newer: Span): boolean {
    const end = Math.min(older.last, newer.last);
    return this.#unknowingGrants.some((at) => at <= end && end <= at + this.#ttl);
  }
}
