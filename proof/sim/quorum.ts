import type { LeaseStore } from 'rx-leader';
import { from, Observable, type ObservableInput, tap } from 'rxjs';
import type { LeaseRequest, Notice, WithdrawRequest } from '../../lib/port/lease-store.js';
import type { Random } from '../random.js';
import type { Agenda } from './agenda.js';
import type { Condition, Connection, Ear, Link, Reply, Request } from './link.js';
import type { Seat } from './machine.js';

/** A machine's connections to several servers, and the quorum of them that its election stands over. */
export class Quorum implements Connection {
  readonly machine: Seat;
  readonly links: readonly Link[];
  readonly #store: LeaseStore;
  readonly #agenda: Agenda;
  readonly #random: Random;
  readonly #ear: Ear;

  /** `store`: the quorum of its process. */
  constructor(store: LeaseStore, links: readonly [Link, ...Link[]], agenda: Agenda, random: Random, ear: Ear) {
    this.machine = links[0].machine;
    this.links = links;
    this.#store = store.forElection?.() ?? store;
    this.#agenda = agenda;
    this.#random = random;
    this.#ear = ear;
  }

  acquire = (request: LeaseRequest) => this.#ask<never>(request);
  renew = (request: LeaseRequest) => this.#ask<never>(request);
  release = (request: LeaseRequest) => this.#ask<never>(request);
  read = (request: LeaseRequest) => this.#ask<never>(request);
  withdraw = (request: WithdrawRequest) => this.#ask<never>(request);
  notices = (key: string): Observable<Notice> =>
    from(this.#store.notices?.(key) as Observable<Notice>).pipe(tap((notice) => this.#ear.notified(this, notice)));

  get isIdle(): boolean {
    return this.links.every(({ isIdle }) => isIdle);
  }

  get isBeingAnswered(): boolean {
    return this.links.some(({ isBeingAnswered }) => isBeingAnswered);
  }

  befall(condition: Condition, everywhere = false): () => void {
    const undos = (everywhere ? this.links : this.#struck).map((link) => link.befall(condition));
    return () => {
      for (const undo of undos) undo();
    };
  }

  drop(error: unknown): void {
    for (const link of this.#struck) link.drop(error);
  }

  reconnectAfresh(): void {
    for (const link of this.links) link.reconnectAfresh();
  }

  dropNotices(): void {
    for (const link of this.#struck) link.dropNotices();
  }

  serverChanged(): void {
    for (const link of this.#struck) link.serverChanged();
  }

  publish(notice: Notice): void {
    for (const link of this.#struck) link.publish(notice);
  }

  /** One of them, or all at once. */
  get #struck(): readonly Link[] {
    return this.#random.chance(0.3) ? this.links : [this.#random.pick(...this.links)];
  }

  /** What the election asks of all of them, for the judge to hear. */
  #ask<Answer extends Reply>(request: Request): Observable<Answer> {
    return new Observable<Answer>((subscriber) => {
      let answered = false;
      this.#ear.sent(this, request);
      const asked = from(this.#store[request.verb]?.(request as never) as ObservableInput<Answer>).subscribe({
        next: (reply) => {
          answered = true;
          this.#ear.heard(this, request, { reply, at: this.#agenda.now });
          subscriber.next(reply);
          subscriber.complete();
        },
        error: (error) => {
          answered = true;
          this.#ear.heard(this, request, { error });
          subscriber.error(error);
        },
      });
      return () => {
        asked.unsubscribe();
        if (!answered) this.#ear.gaveUp(this, request);
      };
    });
  }
}
