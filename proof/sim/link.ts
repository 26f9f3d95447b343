import type { LeaseStore } from 'rx-leader';
import type { MemoryLeaseStore } from 'rx-leader/testing';
import { Observable, Subject, type Subscriber, Subscription, tap } from 'rxjs';
import type { LeaseReply, LeaseRequest, Notice, WithdrawReply, WithdrawRequest } from '../../lib/port/lease-store.js';
import type { Random } from '../random.js';
import type { EventQueue } from './event-queue.js';
import type { Host } from './machine.js';
import type { Network } from './plan-schema.js';
import type { SerialQueue } from './serial-queue.js';

/** One queue for each direction of a connection. */
export type Pipes = Readonly<Record<'requests' | 'replies', SerialQueue>>;

/** Another place than the election's, to which a connection may lead. */
export type Place = Parameters<MemoryLeaseStore['seenFrom']>[0];

/**
 * The fault of one direction. `held` messages get through when the fault is over, even if nobody
 * still waits.
 */
type Impairment = 'lost' | 'held' | 'slow';

/** A fault of a connection. */
export interface LinkFault {
  readonly requests?: Impairment;
  readonly replies?: Impairment;
  /**
   * The client has no connection. It keeps requests until it has one, or until nobody waits for
   * them any more.
   */
  readonly queued?: boolean;
  /** ms that `slow` adds. */
  readonly slower?: number;
  /** The notice connection is down and the client knows it, or it hangs and nobody knows. */
  readonly notices?: 'down' | 'lost';
  /**
   * The connection leads to a demoted master or another database, while the client knows the
   * election from before. Both share notices.
   */
  readonly place?: Place;
}

/** How a process reaches its store: by one connection, or by several. */
export interface Connection extends LeaseStore {
  readonly machine: Host;
  readonly isIdle: boolean;
  readonly isBeingAnswered: boolean;
  /**
   * Starts a fault, and returns what ends it. With several connections it affects one or all; with
   * `everywhere`, all.
   */
  inject(condition: LinkFault, everywhere?: boolean): () => void;
  drop(error: unknown): void;
  reconnectAfresh(): void;
  dropNotices(): void;
  serverChanged(): void;
  publish(notice: Notice): void;
}

/** One request, as its sender sees it. */
export interface Call {
  readonly request: Request;
  readonly link: Link;
  /** Whether the sender still waits for the answer. */
  readonly isOpen: boolean;
  /** Where it went, if not to the election's place. */
  readonly place?: Place | undefined;
}

/** The outcome of a request. `at` is when the reply was made. */
export type Answer =
  | { readonly reply: Reply; readonly at: number; readonly place?: Place | undefined }
  | { readonly error: unknown };

/** Any request of a candidate, and its reply. */
export type Request = LeaseRequest | WithdrawRequest;
export type Reply = LeaseReply | WithdrawReply;

export interface Published {
  readonly notice: Notice;
  readonly to?: string;
}

const isOfLease = ({ status }: Reply): boolean => status === 'granted' || status === 'held';

/** The other end of a connection. */
export interface ServerEndpoint {
  arrive(call: Call): void;
  /** Published notices. `to` is the id of the only recipient, if there is one. */
  readonly published: Observable<Published>;
}

/** Observes all traffic of a connection. */
export interface LinkObserver {
  /** A request leaves the library. */
  sent(link: Connection, request: Request): void;
  /** Its answer reaches the library. */
  answered(link: Connection, request: Request, answer: Answer): void;
  /** The library stops waiting for it. */
  abandoned(link: Connection, request: Request): void;
  /** A notice reaches the library. */
  notified(link: Connection, notice: Notice): void;
  count(event: string): void;
}

interface Pending extends Call {
  readonly subscriber: Subscriber<Reply>;
  isOpen: boolean;
  place?: Place | undefined;
  isOnItsWay: boolean;
  answered: boolean;
}

/** A machine's connection to the store, with all its faults. */
export class Link implements Connection {
  readonly machine: Host;
  readonly #events: EventQueue;
  readonly #random: Random;
  readonly #network: () => Network;
  readonly #server: ServerEndpoint;
  readonly #pipes: Pipes | undefined;
  readonly #observer: LinkObserver;
  readonly #faults = new Set<LinkFault>();
  readonly #open = new Set<Pending>();
  /** The ids of its requests for the lease. */
  readonly #ids = new Set<string>();
  readonly #notices = new Subject<Notice>();
  #published = Subscription.EMPTY;
  #isListening = false;
  /** Whether it has received a lease, and so knows the election's database. */
  #knowsDatabase = false;
  /** Reconnects that are not announced yet. */
  #pendingReconnects = 0;
  #queued: Pending[] = [];
  #held: Array<() => void> = [];
  /** When the latest message of each direction arrives. */
  readonly #last = { requests: 0, replies: 0, notices: 0 };

  constructor(
    machine: Host,
    events: EventQueue,
    random: Random,
    weather: () => Network,
    remote: ServerEndpoint,
    ear: LinkObserver,
    /** Serial queues, if each direction handles one message at a time. */
    pipes?: Pipes,
  ) {
    this.#pipes = pipes;
    this.machine = machine;
    this.#events = events;
    this.#random = random;
    this.#network = weather;
    this.#server = remote;
    this.#observer = ear;
  }

  acquire = (request: LeaseRequest) => this.#request<never>(request);
  renew = (request: LeaseRequest) => this.#request<never>(request);
  release = (request: LeaseRequest) => this.#request<never>(request);
  read = (request: LeaseRequest) => this.#request<never>(request);
  withdraw = (request: WithdrawRequest) => this.#request<never>(request);
  notices = (): Observable<Notice> =>
    this.#notices.pipe(
      tap({
        next: (notice) => this.#observer.notified(this, notice),
        subscribe: () => this.#listen(),
        finalize: () => {
          if (!this.#notices.observed) this.#stopListening();
        },
      }),
    );

  /** Whether the library neither waits nor subscribes here. */
  get isIdle(): boolean {
    return this.#open.size === 0 && !this.#notices.observed;
  }

  /** Whether an awaited answer is on its way. */
  get isBeingAnswered(): boolean {
    for (const { isOnItsWay } of this.#open) if (isOnItsWay) return true;
    return false;
  }

  /** Starts a fault of this connection. The returned function ends it. */
  inject(condition: LinkFault): () => void {
    this.#faults.add(condition);
    if (condition.notices === 'down') this.#stopListening();
    return () => {
      if (!this.#faults.delete(condition)) return;
      if (condition.notices === 'down' && this.#notices.observed) this.#listen();
      if (condition.queued) this.#reconnect();
      if (condition.place === 'replica') this.serverChanged();
      if (condition.requests === 'held' || condition.replies === 'held') this.#releaseHeld();
    };
  }

  /** Breaks the connection. Requests in flight may have got through, and fail for their senders. */
  drop(error: unknown): void {
    for (const call of this.#open) this.#fail(call, error);
    this.#announceReconnect();
  }

  /** Opens a new connection. Messages in flight on the old one delay nothing. */
  reconnectAfresh(): void {
    if (this.#pendingReconnects > 0) this.#notify({ kind: 'connected' });
    this.#last.requests = 0;
    this.#last.replies = 0;
    this.#last.notices = 0;
  }

  answer(call: Call, answer: Answer): void {
    const way = this.#impairmentOf('replies');
    if (way === 'lost' || (way !== 'held' && this.#random.chance(this.#network().loss))) {
      this.#observer.count('a reply is lost');
      return;
    }
    if (way === 'held') this.#held.push(() => this.#sendReply(call as Pending, answer));
    else this.#sendReply(call as Pending, answer);
  }

  /** Opens a new notice connection. Notices published meanwhile are lost. */
  dropNotices(): void {
    if (!this.#isListening) return;
    this.#stopListening();
    this.#listen();
  }

  /**
   * The server was replaced or restarted, so both connections are new. Requests in flight are
   * still answered.
   */
  serverChanged(): void {
    this.dropNotices();
    this.#announceReconnect();
  }

  #announceReconnect(): void {
    this.#pendingReconnects += 1;
    this.#events.after(this.#delay('replies'), () => {
      this.#pendingReconnects -= 1;
      this.#notify({ kind: 'connected' });
    });
  }

  /** Delivers a notice from the channel, from any publisher. */
  publish(notice: Notice): void {
    if (!this.#isListening) return;
    const isLost = this.#has('notices', 'lost') || this.#impairmentOf('replies') === 'lost';
    if (isLost || this.#random.chance(this.#network().loss)) {
      this.#observer.count('a notice is lost');
      return;
    }
    const deliver = () =>
      this.#events.at(this.#arrivalTime('notices'), () => {
        if (this.#isListening) this.#notify(notice);
      });
    if (this.#impairmentOf('replies') === 'held') this.#held.push(deliver);
    else deliver();
    if (this.#random.chance(this.#network().duplicates)) deliver();
  }

  #listen(): void {
    this.#events.after(2 * this.#delay('requests'), () => {
      if (this.#isListening || this.#has('notices', 'down') || !this.#notices.observed || this.machine.isDead) return;
      this.#isListening = true;
      this.#published = this.#server.published.subscribe(({ notice, to }) => {
        if (to === undefined || this.#ids.has(to)) this.publish(notice);
      });
      this.#notify({ kind: 'listening' });
    });
  }

  #stopListening(): void {
    this.#published.unsubscribe();
    if (this.#isListening) this.#notify({ kind: 'deaf' });
    this.#isListening = false;
  }

  #request<R>(request: Request): Observable<R> {
    if (request.verb === 'acquire') this.#ids.add(request.id);
    return new Observable<Reply>((subscriber) => {
      this.#observer.sent(this, request);
      const call: Pending = { request, link: this, subscriber, isOpen: true, isOnItsWay: false, answered: false };
      this.#open.add(call);
      this.#send(call);
      return () => {
        call.isOpen = false;
        this.#open.delete(call);
        if (!call.answered) this.#observer.abandoned(this, request);
      };
    }) as Observable<never>;
  }

  #send(call: Pending): void {
    if (this.#has('queued', true)) {
      this.#queued.push(call);
      return;
    }
    call.place = this.#place;
    const way = this.#impairmentOf('requests');
    if (way === 'lost' || (way !== 'held' && this.#random.chance(this.#network().loss))) {
      this.#observer.count('a request is lost');
      return;
    }
    const travel = () => this.#events.at(this.#arrivalTime('requests'), () => this.#server.arrive(call));
    if (way === 'held') this.#held.push(travel);
    else travel();
    if (this.#network().duplicates > 0 && this.#random.chance(this.#network().duplicates)) travel();
  }

  #sendReply(call: Pending, answer: Answer): void {
    call.isOnItsWay = true;
    this.#events.at(this.#arrivalTime('replies'), () => this.machine.receive(() => this.#deliver(call, answer)));
  }

  #deliver(call: Pending, answer: Answer): void {
    const { subscriber, request } = call;
    if (!call.isOpen || call.answered) {
      this.#observer.count('a reply comes late');
      return;
    }
    call.answered = true;
    if ('reply' in answer && isOfLease(answer.reply)) this.#knowsDatabase = true;
    this.#observer.answered(this, request, answer);
    if ('error' in answer) {
      subscriber.error(answer.error);
      return;
    }
    subscriber.next(answer.reply);
    subscriber.complete();
  }

  #fail(call: Pending, error: unknown): void {
    this.machine.receive(() => this.#deliver(call, { error }));
  }

  #reconnect(): void {
    const queued = this.#queued;
    this.#queued = [];
    for (const call of queued) {
      if (call.isOpen) this.#send(call);
      else this.#observer.count('a request dies in the queue of its client');
    }
    this.#notify({ kind: 'connected' });
  }

  #releaseHeld(): void {
    const held = this.#held;
    this.#held = [];
    if (held.length > 0) this.#observer.count('what was held gets through');
    for (const go of held) go();
  }

  #notify(notice: Notice): void {
    this.machine.receive(() => this.#notices.next(notice));
  }

  get #place(): Place | undefined {
    if (this.#has('place', 'replica')) return 'replica';
    return this.#knowsDatabase && this.#has('place', 'database') ? 'database' : undefined;
  }

  #has<Key extends 'queued' | 'notices' | 'place'>(what: Key, value: LinkFault[Key]): boolean {
    for (const condition of this.#faults) if (condition[what] === value) return true;
    return false;
  }

  /** The worst fault of a direction. */
  #impairmentOf(direction: 'requests' | 'replies'): Impairment | undefined {
    let worst: Impairment | undefined;
    for (const { [direction]: way } of this.#faults) {
      if (way === 'lost') return way;
      if (way === 'held' || worst === undefined) worst = way;
    }
    return worst;
  }

  #arrivalTime(direction: 'requests' | 'replies' | 'notices'): number {
    const { now } = this.#events;
    const sent = direction === 'notices' ? now : (this.#pipes?.[direction].finishTime(now) ?? now);
    const time = sent + this.#delay(direction === 'notices' ? 'replies' : direction);
    const arrival = this.#network().ordered ? Math.max(time, this.#last[direction]) : time;
    this.#last[direction] = arrival;
    return arrival;
  }

  #delay(direction: 'requests' | 'replies'): number {
    const { latency, spikes } = this.#network();
    let delay = -Math.log(1 - this.#random.next()) * latency * (spikes > 0 && this.#random.chance(spikes) ? 10 : 1);
    for (const { [direction]: way, slower = 0 } of this.#faults) if (way === 'slow') delay += slower;
    return delay;
  }
}
