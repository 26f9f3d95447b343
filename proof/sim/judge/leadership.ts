import type { Term } from 'rx-leader';
import type { Notice } from '../../../lib/port/lease-store.js';
import { Checker, type Span, type Violation } from '../../checker.js';
import type { EventQueue } from '../event-queue.js';
import type { Exceptions } from '../exceptions.js';
import type { Host, Machine } from '../machine.js';
import type { User } from '../user.js';
import type { Breach, BreachLog } from './breach-log.js';
import type { Conduct } from './request-history.js';
import type { Terms } from './terms.js';

const RULES: Readonly<Record<Violation['rule'], string>> = {
  'two leaders': 'G1',
  'older token after newer': 'G1',
  'same token twice': 'G3',
  'order of roles': 'contract',
  'first word on waking': 'G2',
};

/** G1 and G2: one leader at any instant, and a leader learns in time that its term is over. */
export class Leadership {
  readonly checker: Checker;
  readonly #users = new Map<Host, User>();
  /** Terms that were not ended when the next one was granted; some of them are excused later. */
  readonly #tardy: Array<{ readonly older: Span; readonly newer: Span; readonly at: number }> = [];
  readonly #events: EventQueue;
  readonly #exceptions: Exceptions;
  readonly #terms: Terms;
  readonly #breaches: BreachLog;
  /** ms within which a machine that was suspended notices. */
  readonly #noticesWithin: number;
  #isContested = false;

  constructor(events: EventQueue, ttl: number, exceptions: Exceptions, terms: Terms, breaches: BreachLog) {
    this.#events = events;
    this.#noticesWithin = ttl / 20;
    this.#exceptions = exceptions;
    this.#terms = terms;
    this.#breaches = breaches;
    this.checker = new Checker((older, newer) => exceptions.excuse(older, newer));
  }

  add(user: User): void {
    this.#users.set(user.machine, user);
  }

  userOf(host: Host): User | undefined {
    return this.#users.get(host);
  }

  /** Breaches by the claims so far, without those that are excused. */
  get breaches(): Breach[] {
    const tardy = this.#tardy.filter(({ older, newer }) => !this.#exceptions.excuse(older, newer));
    return [
      ...this.checker.violations.map(({ rule, text }) => ({
        rule: RULES[rule],
        at: this.#events.now,
        text: `${rule}: ${text}`,
      })),
      ...tardy.map(({ older, newer, at }) => ({
        rule: 'G2',
        at,
        text: `${older.who} has not ended its term ${older.token} when ${newer.who} is granted ${newer.token}`,
      })),
    ];
  }

  /** Checks whether `user` considers itself the leader at this instant. */
  check(user: User): void {
    const { machine, election } = user;
    if (!machine.isRunning) return;
    if (!election.isLeading) {
      if (user.term) this.#terms.end(user.term);
      return;
    }
    const { name } = machine;
    const term = election.term as Term;
    if (this.#terms.factsOf(term.id)?.overAt !== undefined) {
      this.#breaches.report('G4', `the term ${term.token} of ${name} was over, and goes on`);
    }
    this.checker.claim(name, term.token, this.#events.now);
    this.checker.acted(name, 'isLeading');
  }

  checkAll(): void {
    for (const user of this.#users.values()) this.check(user);
  }

  resumed({ hosts }: Machine): void {
    for (const host of hosts) {
      const user = this.#users.get(host);
      if (!user) continue;
      // It announced leadership and does not lead by its clock: it must report that before anything
      // else.
      if (user.term && !user.election.isLeading) this.checker.woke(host.name, this.#events.now, this.#events.now);
      this.check(user);
    }
  }

  /**
   * After the first contradiction, every step checks all users: how long two lead is part of the
   * excuse.
   */
  checkContested(): void {
    if (!this.checker.isContested) return;
    if (!this.#isContested) this.#breaches.log?.('TWO CLAIMS CONTRADICT EACH OTHER');
    this.#isContested = true;
    this.checkAll();
  }

  /** A new term is granted: every older one must be over. */
  granted(name: string, token: number): void {
    const { now } = this.#events;
    for (const { machine, term } of this.#users.values()) {
      if (!term || machine.name === name || this.#isExcused(machine)) continue;
      const older = { who: machine.name, token: term.token, first: this.#terms.grantedAt(term), last: now };
      this.#tardy.push({ older, newer: { who: name, token, first: now, last: now }, at: now });
    }
    this.checkAll();
  }

  /**
   * Another library takes the lease in the store: no candidate may lead, or still have to learn
   * that it does not.
   */
  takenByPeer(peer: string): void {
    for (const { machine, election, term } of this.#users.values()) {
      const { name } = machine;
      if (!machine.isRunning) continue;
      if (election.term) {
        this.#breaches.report('G1', `${name} leads, by its term ${election.term.token}, when ${peer} takes the lease`);
      } else if (term && !this.#isExcused(machine)) {
        this.#breaches.report('G2', `${name} has not ended its term ${term.token} when ${peer} takes the lease`);
      }
    }
  }

  /**
   * A leader that receives a challenge, a cut or a later election, soon asks whether it still has
   * its lease.
   */
  challenged(machine: Host, notice: Notice, conduct: Conduct): void {
    const user = this.#users.get(machine);
    const term = user?.term;
    if (!user || !term || !isChallenge(notice, term)) return;
    const leadsOn = () =>
      user.term === term && user.election.isLeading && this.#terms.factsOf(term.id)?.exitAt === undefined;
    if (!leadsOn()) return;
    this.#breaches.count('a lease is called in question');
    const { now } = this.#events;
    const { timeout } = user.options;
    const within = (conduct.isOpen ? timeout : 0) + timeout / 4 + this.#noticesWithin;
    this.#events.after(within, () => {
      if (!leadsOn() || !machine.isRunning || machine.resumedAt > now || conduct.sentAt >= now) return;
      this.#breaches.report('G1', `${machine.name} does not check its term ${term.token} after ${notice.kind}`);
    });
  }

  /** A machine that is stopped, or has only just resumed, has a moment to notice. */
  #isExcused({ isRunning, resumedAt }: Host): boolean {
    return !isRunning || this.#events.now - resumedAt < this.#noticesWithin;
  }
}

const isChallenge = (notice: Notice, { id, token }: Term): boolean =>
  (notice.kind === 'cut' && notice.id === id) ||
  (notice.kind === 'elected' && notice.holder.id !== id && (notice.holder.token ?? 0) > token);
