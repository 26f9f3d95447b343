import type { LeaseStore } from 'rx-leader';
import type { MemoryLeaseStore } from 'rx-leader/testing';
import { Observable, Subject, type Subscriber, Subscription, tap } from 'rxjs';
import type { LeaseReply, LeaseRequest, Notice, WithdrawReply, WithdrawRequest } from '../../lib/port/lease-store.js';
import type { Random } from '../random.js';
import type { EventQueue } from './event-queue.js';
import type { Host } from './machine.js';
import type { Network } from './plan-schema.js';
import type { SerialQueue } from './serial-queue.js';

/** A connection's directions. */
export type Pipes = Readonly<Record<'requests' | 'replies', SerialQueue>>;

/** Where a connection may lead that is not where the election is. */
export type Place = Parameters<MemoryLeaseStore['seenFrom']>[0];

/** What befalls one direction of a connection: what is `held` gets through when that is over, whoever still waits for it. */
type Impairment = 'lost' | 'held' | 'slow';

/** What befalls a connection for a while. */
export interface LinkFault {
  readonly requests?: Impairment;
  readonly replies?: Impairment;
  /** The client has no connection, and keeps what it is asked for until there is one, or until nobody waits for it any more. */
  readonly queued?: boolean;
  /** ms by which `slow` is slower. */
  readonly slower?: number;
  /** The connection that notices come by is down, and known to be; or it hangs, and nobody knows. */
  readonly notices?: 'down' | 'lost';
  /** It leads to a master that was demoted, or to another database, where the client knows of the election from the one before. Both share notices. */
  readonly place?: Place;
}

/** What a process has of the store it stands over: one connection, or several. */
export interface Connection extends LeaseStore {
  readonly machine: Host;
  readonly isIdle: boolean;
  readonly isBeingAnswered: boolean;
  /** Lets `condition` befall it until what is returned is called; of several connections one or all, or all `everywhere`. */
  inject(condition: LinkFault, everywhere?: boolean): () => void;
  drop(error: unknown): void;
  reconnectAfresh(): void;
  dropNotices(): void;
  serverChanged(): void;
  publish(notice: Notice): void;
}

/** One request, from its sender's point of view. */
export interface Call {
  readonly request: Request;
  readonly link: Link;
  /** Whether somebody waits for the answer. */
  readonly isOpen: boolean;
  /** Where it went, if not to where the election is. */
  readonly place?: Place | undefined;
}

/** What becomes of a request; `at`: when a reply was made. */
export type Answer =
  | { readonly reply: Reply; readonly at: number; readonly place?: Place | undefined }
  | { readonly error: unknown };

/** Any request of a candidate's, and its reply. */
export type Request = LeaseRequest | WithdrawRequest;
export type Reply = LeaseReply | WithdrawReply;

export interface Published {
  readonly notice: Notice;
  readonly to?: string;
}

const isOfLease = ({ status }: Reply): boolean => status === 'granted' || status === 'held';

/** What is at the other end. */
export interface ServerEndpoint {
  arrive(call: Call): void;
  /** What is published there, and for whom, by its id, if not for all. */
  readonly published: Observable<Published>;
}

/** What the world is told of everything that is sent. */
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

/** A machine's connection to the store, with everything that can go wrong on the way. */
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
  /** Under which it has asked for the lease. */
  readonly #ids = new Set<string>();
  readonly #notices = new Subject<Notice>();
  #published = Subscription.EMPTY;
  #isListening = false;
  /** Whether it has been told of a lease, and with it in which database the election is. */
  #knowsDatabase = false;
  /** Connections that have yet to be noticed. */
  #pendingReconnects = 0;
  #queued: Pending[] = [];
  #held: Array<() => void> = [];
  /** When what was sent last in each direction arrives. */
  readonly #last = { requests: 0, replies: 0, notices: 0 };

  constructor(
    machine: Host,
    events: EventQueue,
    random: Random,
    weather: () => Network,
    remote: ServerEndpoint,
    ear: LinkObserver,
    /** What it works through one thing after the other, if it has to. */
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

  /** Whatever of the library still waits or listens here. */
  get isIdle(): boolean {
    return this.#open.size === 0 && !this.#notices.observed;
  }

  /** Whether an answer is on its way here that somebody waits for. */
  get isBeingAnswered(): boolean {
    for (const { isOnItsWay } of this.#open) if (isOnItsWay) return true;
    return false;
  }

  /** Lets `condition` befall this connection until what is returned is called. */
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

  /** The connection breaks: what was on its way may or may not have got through, and its sender is told that it failed. */
  drop(error: unknown): void {
    for (const call of this.#open) this.#fail(call, error);
    this.#announceReconnect();
  }

  /** A fresh connection: what is still on its way on the old one holds nothing up. */
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

  /** The connection that notices come by is made anew; what is published meanwhile is lost. */
  dropNotices(): void {
    if (!this.#isListening) return;
    this.#stopListening();
    this.#listen();
  }

  /** The server is another than before, or has begun anew: both connections are. What is under way on the one for requests is answered all the same. */
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

  /** Comes by the channel, whoever has published it. */
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

  /** The worst that befalls a direction. */
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
