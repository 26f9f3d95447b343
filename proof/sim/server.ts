import type { LeaseStore } from 'rx-leader';
import type { LeaseRecord, MemoryLeaseStore } from 'rx-leader/testing';
import { type Observable, Subject } from 'rxjs';
import type { Notice } from '../../lib/port/lease-store.js';
import type { EventQueue } from './event-queue.js';
import type { Answer, Call, Published, Reply, Request, ServerEndpoint } from './link.js';
import type { SerialQueue } from './serial-queue.js';

/** What befalls the server for a while. */
export interface ServerFault {
  /** Neither carries out nor answers; what has arrived meanwhile it does when it is over. */
  readonly hangs?: boolean;
  /** Answers with this error. */
  readonly error?: unknown;
  /** Refuses only what needs memory, as a full server does. */
  readonly grantsOnly?: boolean;
  /** Has carried out what it answers with the error. */
  readonly afterwards?: boolean;
}

/** What the store keeps of the election. */
export interface StoredState {
  readonly lease: string | undefined;
  readonly record: LeaseRecord | undefined;
}

/** What the world is told of what the server does. */
export interface ServerObserver {
  /** Before and after anything is carried out: what the store keeps. */
  executed(call: Call, before: StoredState, after: StoredState, reply: Reply): void;
  count(event: string): void;
}

/** The one server, which carries out one request after the other. */
export class Server implements ServerEndpoint {
  readonly store: MemoryLeaseStore;
  readonly #events: EventQueue;
  readonly #key: string;
  readonly #observer: ServerObserver;
  readonly #isSilent: boolean;
  /** It works through one request after the other, if it has to. */
  readonly #workload: SerialQueue | undefined;
  readonly #faults = new Set<ServerFault>();
  readonly published = new Subject<Published>();
  /** What the request that is being carried out has given cause for. */
  #notices: Notice[] = [];
  #waiting: Call[] = [];

  /** One that `isSilent` tells its run with each renewal, since nobody is told otherwise when it becomes another. */
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

  /** Lets `refusal` befall the server until what is returned is called. */
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

  /** The model tells everybody. In Redis the successor alone hears of a release whose reply says so. */
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
