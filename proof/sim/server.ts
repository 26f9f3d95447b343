import type { LeaseStore } from 'rx-leader';
import type { LeaseRecord, MemoryLeaseStore } from 'rx-leader/testing';
import { type Observable, Subject } from 'rxjs';
import type { Notice } from '../../lib/port/lease-store.js';
import type { EventQueue } from './event-queue.js';
import type { Answer, Call, Published, Reply, Request, ServerEndpoint } from './link.js';
import type { SerialQueue } from './serial-queue.js';

/** A fault of the server. */
export interface ServerFault {
  /**
   * Neither executes nor answers. Requests that arrive meanwhile are executed when the fault is
   * over.
   */
  readonly hangs?: boolean;
  /** Answers with this error. */
  readonly error?: unknown;
  /** Refuses only what needs memory, as a full server does. */
  readonly grantsOnly?: boolean;
  /** Executes the request, and then answers with the error. */
  readonly afterwards?: boolean;
}

/** What the store keeps of the election. */
export interface StoredState {
  readonly lease: string | undefined;
  readonly record: LeaseRecord | undefined;
}

/** Observes what the server does. */
export interface ServerObserver {
  /** A request was executed: what the store kept before and after. */
  executed(call: Call, before: StoredState, after: StoredState, reply: Reply): void;
  count(event: string): void;
}

/** A server that executes one request after the other. */
export class Server implements ServerEndpoint {
  readonly store: MemoryLeaseStore;
  readonly #events: EventQueue;
  readonly #key: string;
  readonly #observer: ServerObserver;
  readonly #isSilent: boolean;
  /** The queue of requests, if each takes time. */
  readonly #workload: SerialQueue | undefined;
  readonly #faults = new Set<ServerFault>();
  readonly published = new Subject<Published>();
  /** Notices of the request that is being executed. */
  #notices: Notice[] = [];
  #waiting: Call[] = [];

  /**
   * A server that `isSilent` reports its run with each renewal: nobody is told when it is
   * replaced.
   */
  constructor(
    store: MemoryLeaseStore,
    events: EventQueue,
    key: string,
    witness: ServerObserver,
    isSilent = false,
    workload?: SerialQueue,
  ) {
    this.#workload = workload;
    this.store = store;
    this.#isSilent = isSilent;
    this.#events = events;
    this.#key = key;
    this.#observer = witness;
    store.notices(key).subscribe((notice) => {
      if (notice.kind !== 'listening' && notice.kind !== 'deaf') this.#notices.push(notice);
    });
  }

  /** Starts a fault of the server. The returned function ends it. */
  inject(refusal: ServerFault): () => void {
    this.#faults.add(refusal);
    return () => {
      if (!this.#faults.delete(refusal) || this.#hangs) return;
      const waiting = this.#waiting;
      this.#waiting = [];
      if (waiting.length > 0) this.#observer.count('requests wait for a server that stands still');
      for (const call of waiting) this.#events.after(0, () => this.arrive(call));
    };
  }

  arrive(call: Call): void {
    const workload = this.#workload;
    if (!workload) this.#work(call);
    else this.#events.at(workload.finishTime(this.#events.now), () => this.#work(call));
  }

  #work(call: Call): void {
    if (this.#hangs) {
      this.#waiting.push(call);
      return;
    }
    const refusal = this.#faultFor(call.request);
    if (!refusal) {
      call.link.answer(call, this.#execute(call));
      return;
    }
    if (refusal.afterwards) this.#execute(call);
    this.#observer.count('a request is refused');
    call.link.answer(call, { error: refusal.error });
  }

  get #hangs(): boolean {
    for (const { hangs } of this.#faults) if (hangs) return true;
    return false;
  }

  #faultFor({ verb }: Request): ServerFault | undefined {
    for (const refusal of this.#faults) {
      if (!refusal.hangs && (!refusal.grantsOnly || verb === 'acquire')) return refusal;
    }
    return undefined;
  }

  #execute(call: Call): Answer {
    const { request: sent, place } = call;
    const request = this.#isSilent && sent.verb === 'renew' ? { ...sent, asksRun: true } : sent;
    const before = this.#stored;
    let answer: Answer = { error: new Error('the model of the store does not answer at once') };
    const store: LeaseStore = place ? this.store.seenFrom(place) : this.store;
    const ask = store[request.verb] as (request: unknown) => Observable<Reply>;
    ask.call(store, request).subscribe({
      next: (reply) => {
        answer = { reply, at: this.#events.now, place };
      },
      error: (error) => {
        answer = { error };
      },
    });
    this.#publish(answer);
    if ('reply' in answer && !place)
      this.#observer.executed(call, before, this.#stored, (answer as { reply: Reply }).reply);
    return answer;
  }

  /**
   * The model notifies everybody. In Redis only the successor learns of a release whose reply
   * names it.
   */
  #publish(answer: Answer): void {
    const said = this.#notices;
    this.#notices = [];
    const to = 'reply' in answer && answer.reply.status === 'released' ? answer.reply.told : undefined;
    for (const notice of said) this.published.next({ notice, ...(to !== undefined && { to }) });
  }

  get #stored(): StoredState {
    return { lease: this.store.lease(this.#key)?.id, record: this.store.record(this.#key) };
  }
}
