import {
  asyncScheduler,
  defer,
  map,
  NEVER,
  Observable,
  type ObservableInput,
  ReplaySubject,
  Subject,
  timer,
} from 'rxjs';
import { ElectionError, type ElectionErrorCode } from '../../lib/port/errors.js';
import type {
  AcquireReply,
  AcquireRequest,
  Granted,
  Held,
  LeaseStore,
  Notice,
  ReadReply,
  ReadRequest,
  ReleaseReply,
  ReleaseRequest,
  RenewReply,
  RenewRequest,
  RequestOf,
} from '../../lib/port/lease-store.js';

/**
 * The answer to one request, and when: a reply, an error, silence, or anything else that can be
 * subscribed to.
 */
export type Answer<Request, Reply> = Observable<Reply> | ((request: Request) => ObservableInput<Reply>);

/**
 * The answers to each verb, in the order of its requests. Later requests are answered as if there
 * were no other candidate.
 */
export interface Script {
  readonly acquire?: ReadonlyArray<Answer<AcquireRequest, AcquireReply>>;
  readonly renew?: ReadonlyArray<Answer<RenewRequest, RenewReply>>;
  readonly release?: ReadonlyArray<Answer<ReleaseRequest, ReleaseReply>>;
  readonly read?: ReadonlyArray<Answer<ReadRequest, ReadReply>>;
}

/**
 * When a request was made, and when it was answered or cancelled, as RxJS's `expectSubscriptions`
 * compares it.
 */
export interface Span {
  subscribedFrame: number;
  unsubscribedFrame: number;
}

type Verb = 'acquire' | 'renew' | 'release' | 'read';

/**
 * A store without leases: it answers by its script, and records its requests.
 *
 * It reads the time of RxJS's `asyncScheduler`, which is virtual in a `TestScheduler` run and under
 * jest's fake timers.
 */
export class ScriptedStore implements LeaseStore {
  /** Every request as it is made, including earlier ones. */
  readonly asked = new ReplaySubject<RequestOf<Verb>>();
  /** The requests by verb. */
  readonly requests: { readonly [V in Verb]: RequestOf<V>[] } = { acquire: [], renew: [], release: [], read: [] };
  /** The time each request was in flight, by verb. */
  readonly spans: { readonly [V in Verb]: Span[] } = { acquire: [], renew: [], release: [], read: [] };
  /** The notices of the store: emit them here. */
  readonly tells = new Subject<Notice>();
  readonly #script: Script;
  #tokens = 0;

  constructor(script: Script = {}) {
    this.#script = script;
  }

  acquire(request: AcquireRequest): Observable<AcquireReply> {
    return this.#answer(request, this.#script.acquire, () => granted(++this.#tokens));
  }

  renew(request: RenewRequest): Observable<RenewReply> {
    return this.#answer(request, this.#script.renew, () => says({ status: 'renewed' }));
  }

  release(request: ReleaseRequest): Observable<ReleaseReply> {
    return this.#answer(request, this.#script.release, () => says({ status: 'released' }));
  }

  read(request: ReadRequest): Observable<ReadReply> {
    return this.#answer(request, this.#script.read, () => says({ status: 'free' }));
  }

  notices(): Observable<Notice> {
    return this.tells;
  }

  #answer<Request extends RequestOf<Verb>, Reply>(
    request: Request,
    script: ReadonlyArray<Answer<Request, Reply>> = [],
    otherwise: () => Observable<Reply>,
  ): Observable<Reply> {
    return new Observable((subscriber) => {
      const spans = this.spans[request.verb];
      const answer = script[spans.length] ?? otherwise;
      const span = { subscribedFrame: asyncScheduler.now(), unsubscribedFrame: Number.POSITIVE_INFINITY };
      spans.push(span);
      this.requests[request.verb].push(request as never);
      subscriber.add(() => {
        span.unsubscribedFrame = asyncScheduler.now();
      });
      this.asked.next(request);
      subscriber.add((typeof answer === 'function' ? defer(() => answer(request)) : answer).subscribe(subscriber));
    });
  }
}

/** ms from a request to its answer by default. */
const LATENCY = 1;

/** Answers `reply` after `latency` ms. */
export const says = <Reply>(reply: Reply, latency = LATENCY): Observable<Reply> =>
  timer(latency).pipe(map(() => reply));

export const granted = (token: number, latency = LATENCY): Observable<Granted> =>
  says({ status: 'granted', token }, latency);

/** Another holder has the lease, for another `expiresIn` ms. */
export const held = (expiresIn: number, latency = LATENCY): Observable<Held> =>
  says({ status: 'held', holder: { id: 'rival/1', name: 'rival', token: 41, expiresIn } }, latency);

/** Fails after `latency` ms. */
export const fails = (code: ElectionErrorCode, latency = LATENCY): Observable<never> =>
  timer(latency).pipe(
    map(() => {
      throw new ElectionError(code, `scripted ${code}`);
    }),
  );

/** Never answers. */
export const silence = NEVER;
