import type { LeaseStore } from 'rx-leader';
import { from, Observable, type ObservableInput, tap } from 'rxjs';
import type { LeaseRequest, Notice, WithdrawRequest } from '../../lib/port/lease-store.js';
import type { Random } from '../random.js';
import type { EventQueue } from './event-queue.js';
import type { Connection, Link, LinkFault, LinkObserver, Reply, Request } from './link.js';
import type { Host } from './machine.js';

/** A machine's connections to several servers, and the quorum that its election stands over. */
export class QuorumConnection implements Connection {
  readonly machine: Host;
  readonly links: readonly Link[];
  readonly #store: LeaseStore;
  readonly #events: EventQueue;
  readonly #random: Random;
  readonly #observer: LinkObserver;

  /** `store`: the quorum of its process. */
  constructor(
    store: LeaseStore,
    links: readonly [Link, ...Link[]],
    events: EventQueue,
    random: Random,
    ear: LinkObserver,
  ) {
    this.machine = links[0].machine;
    this.links = links;
    this.#store = store.forElection?.() ?? store;
    this.#events = events;
    this.#random = random;
    this.#observer = ear;
  }

  acquire = (request: LeaseRequest) => this.#request<never>(request);
  renew = (request: LeaseRequest) => this.#request<never>(request);
  release = (request: LeaseRequest) => this.#request<never>(request);
  read = (request: LeaseRequest) => this.#request<never>(request);
  withdraw = (request: WithdrawRequest) => this.#request<never>(request);
  notices = (key: string): Observable<Notice> =>
    from(this.#store.notices?.(key) as Observable<Notice>).pipe(tap((notice) => this.#observer.notified(this, notice)));

  get isIdle(): boolean {
    return this.links.every(({ isIdle }) => isIdle);
  }

  get isBeingAnswered(): boolean {
    return this.links.some(({ isBeingAnswered }) => isBeingAnswered);
  }

  inject(condition: LinkFault, everywhere = false): () => void {
    const undos = (everywhere ? this.links : this.#affected).map((link) => link.inject(condition));
    return () => {
      for (const undo of undos) undo();
    };
  }

  drop(error: unknown): void {
    for (const link of this.#affected) link.drop(error);
  }

  reconnectAfresh(): void {
    for (const link of this.links) link.reconnectAfresh();
  }

  dropNotices(): void {
    for (const link of this.#affected) link.dropNotices();
  }

  serverChanged(): void {
    for (const link of this.#affected) link.serverChanged();
  }

  publish(notice: Notice): void {
    for (const link of this.#affected) link.publish(notice);
  }

  /** One connection, or all of them. */
  get #affected(): readonly Link[] {
    return this.#random.chance(0.3) ? this.links : [this.#random.pick(...this.links)];
  }

  /** Sends a request to the quorum, and reports it to the observer. */
  #request<Answer extends Reply>(request: Request): Observable<Answer> {
    return new Observable<Answer>((subscriber) => {
      let answered = false;
      this.#observer.sent(this, request);
      const asked = from(this.#store[request.verb]?.(request as never) as ObservableInput<Answer>).subscribe({
        next: (reply) => {
          answered = true;
          this.#observer.answered(this, request, { reply, at: this.#events.now });
          subscriber.next(reply);
          subscriber.complete();
        },
        error: (error) => {
          answered = true;
          this.#observer.answered(this, request, { error });
          subscriber.error(error);
        },
      });
      return () => {
        asked.unsubscribe();
        if (!answered) this.#observer.abandoned(this, request);
      };
    });
  }
}
