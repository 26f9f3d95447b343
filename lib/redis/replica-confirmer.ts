import { catchError, EMPTY, Observable, type Subscriber, Subscription, timeout } from 'rxjs';
import { ElectionError } from '../port/errors.js';
import type { RenewRequest, StoreRequest } from '../port/lease-store.js';
import type { CommandConnection } from './client-adapter.js';
import { keysOf } from './keys.js';
import { renewal } from './renewals.js';
import { renewReply } from './reply.js';
import { scripts } from './scripts.js';
import { toElectionError } from './translate.js';

/** On how many replicas a lease must be, and the ms that they are waited for. */
export interface ReplicaPolicy {
  readonly count: number;
  readonly timeout: number;
}

interface Confirmation {
  /** What an error is about. */
  readonly request: StoreRequest;
  /** What is to be found in place, and then to be on the replicas; without it, what was written last is. */
  readonly write: RenewRequest | undefined;
  readonly subscriber: Subscriber<never>;
  /** Whether the server does not know the script by its hash. */
  byText: boolean;
  isConfirmed: boolean;
}

/** The most ms that a connection may take to be usable; and how many times as long as replicas are waited for. */
const PATIENCE = 5_000;
const TIMES = 4;
/** ms by which Redis may be late to say that the time of a WAIT is up: it looks at its clock `hz` times a second, ten by default. */
const TICK = 100;
/** The most ms after which a connection counts as hung whose time is up and that has not said so yet. */
const HUNG = 500;
/** ms by which a timer rings late where the event loop was blocked. */
const BLOCKED = 5;

/**
 * Knows of one server what its replicas have. It asks by a connection of its own, since to wait for replicas blocks one, and in rounds: the
 * writes of all who ask, and behind them one WAIT, by the same socket. WAIT counts from the last write of its own connection, and after a
 * reconnection from none; so what a connection that was lost had yet to answer is confirmed by no other.
 */
export class ReplicaConfirmer {
  readonly #open: () => Observable<CommandConnection>;
  readonly #replicas: ReplicaPolicy;
  readonly #prefix: string;
  readonly #waiting = new Set<Confirmation>();
  #round: readonly Confirmation[] = [];
  #patience: NodeJS.Timeout | undefined;
  #connection: Subscription | undefined;
  #wire: CommandConnection | undefined;
  #isDue = false;
  #isDoubtful = false;
  #isStale = false;
  #failedAt = Number.NEGATIVE_INFINITY;

  constructor(open: () => Observable<CommandConnection>, replicas: ReplicaPolicy, prefix: string) {
    this.#open = open;
    this.#replicas = replicas;
    this.#prefix = prefix;
  }

  /** Whether what was asked last has not been confirmed: to confirm without a write tells whether anything would be by now. */
  get isDoubtful(): boolean {
    return this.#isDoubtful;
  }

  /** Completes when the lease of `write` has been found in place, extended, and is on enough replicas; else fails. */
  confirm(request: StoreRequest, write?: RenewRequest): Observable<never> {
    return new Observable((subscriber) => {
      const asked: Confirmation = { request, write, subscriber, byText: false, isConfirmed: false };
      this.#waiting.add(asked);
      this.#schedule();
      return () => {
        this.#waiting.delete(asked);
        if (!asked.isConfirmed) this.#isDoubtful = true;
      };
    });
  }

  /** The client has another connection, maybe to another server: what is asked from now on goes by a new one as well. */
  refresh(): void {
    if (this.#round.length > 0) this.#isStale = true;
    else if (this.#wire) this.#disconnect();
  }

  close(): void {
    this.#disconnect();
    const round = this.#round;
    this.#round = [];
    this.#fail(round, unreachable);
  }

  /** Those who ask in one turn of the event loop go together. */
  #schedule(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#begin();
    });
  }

  #begin(): void {
    if (this.#round.length > 0 || this.#waiting.size === 0) return;
    const wire = this.#wire;
    if (!wire) {
      this.#connect();
      return;
    }
    const round = [...this.#waiting];
    this.#waiting.clear();
    this.#round = round;
    const { count, timeout } = this.#replicas;
    this.#limit(this.#longest, () => this.#giveUp(round));
    // Each has something written: WAIT counts from there, and would else say yes to any replica that is there, however far behind.
    const writes = round.map(({ request, write, byText }) =>
      attempt(() => (write ? renew(wire, write, byText) : touch(wire, request))),
    );
    const counted = attempt(() => wire.wait(count, timeout));
    Promise.allSettled([counted, ...writes]).then(([count, ...answers]) => {
      if (this.#wire === wire) this.#end(round, count as Outcome, answers);
    });
  }

  /** Tells what is known by now, while there is time to: whoever asks next waits for the answer, unless the connection hangs. */
  #giveUp(round: readonly Confirmation[]): void {
    this.#limit(Math.max(TICK, Math.min(HUNG, this.#replicas.timeout)), () => this.close());
    this.#fail(round, (request) => tooFew(request, this.#replicas));
  }

  #end(round: readonly Confirmation[], counted: Outcome, answers: readonly Outcome[]): void {
    this.#round = [];
    this.#limit();
    const isRefused = [counted, ...answers].some((one) => one.status === 'rejected' && !isUnknown(one.reason));
    if (isRefused || this.#isStale) this.#disconnect(); // what refuses may be no master any more
    if (counted.status === 'rejected') {
      for (const asked of round) this.#refuse(asked, counted.reason);
    } else {
      const count = Number(String(counted.value)) || 0;
      this.#isDoubtful = count < this.#replicas.count;
      if (this.#isDoubtful) this.#fail(round, (request) => tooFew(request, this.#replicas, count));
      else for (const [i, asked] of round.entries()) this.#settle(asked, answers[i] as Outcome);
    }
    if (this.#waiting.size > 0) this.#schedule();
  }

  #settle(asked: Confirmation, answer: Outcome): void {
    const { subscriber, request, write } = asked;
    if (subscriber.closed) return;
    if (answer.status === 'rejected' && isUnknown(answer.reason)) {
      asked.byText = true;
      this.#waiting.add(asked);
      return;
    }
    if (answer.status === 'rejected') {
      this.#refuse(asked, answer.reason);
      return;
    }
    try {
      const status = write ? renewReply(answer.value, write).status : 'renewed';
      if (status !== 'renewed') throw unavailable(request, `the connection that waits for replicas found it ${status}`);
    } catch (error) {
      this.#disconnect(); // what is not in place here may be so on the server that the client has come to
      subscriber.error(error);
      return;
    }
    asked.isConfirmed = true;
    subscriber.complete();
  }

  /** Who has nothing to be confirmed yet, and is told that another server is the one to ask, goes on: so the client finds that one, too. */
  #refuse({ subscriber, request, write }: Confirmation, error: unknown): void {
    if (!write && isElsewhere(error)) subscriber.complete();
    else subscriber.error(this.#translate(error, request));
  }

  /** Whoever waits for a connection is told in time that there is none yet. It may still come, for those who ask later. */
  #connect(): void {
    if (performance.now() - this.#failedAt < this.#replicas.timeout) {
      this.#fail([], unreachable); // not as often as it is asked for
      return;
    }
    if (!this.#patience) this.#limit(this.#longest, () => this.#fail([], unreachable));
    if (this.#connection) return;
    const connection = new Subscription();
    this.#connection = connection;
    const opened = this.#open().pipe(
      timeout({ first: Math.min(PATIENCE, Math.max(HUNG, TIMES * this.#replicas.timeout)), with: () => EMPTY }),
      catchError(() => EMPTY), // a client whose `duplicate` fails
    );
    const begin = (wire: CommandConnection) => {
      this.#wire = wire;
      this.#limit();
      this.#begin();
    };
    const lose = () => {
      if (!this.#wire) this.#failedAt = performance.now();
      this.close();
    };
    connection.add(opened.subscribe({ next: begin, complete: lose }));
  }

  #disconnect(): void {
    this.#limit();
    this.#connection?.unsubscribe();
    this.#connection = undefined;
    this.#wire = undefined;
    this.#isStale = false;
  }

  /** ms in which whoever asks is told something. */
  get #longest(): number {
    const { timeout } = this.#replicas;
    return timeout + Math.min(TICK, timeout / 2);
  }

  /** Calls `end` after `ms`, unless there is another limit before. What has come while the event loop was blocked is heard first. */
  #limit(ms?: number, end?: () => void): void {
    clearTimeout(this.#patience);
    this.#patience = undefined;
    if (!end) return;
    const over = () => {
      this.#patience = undefined;
      end();
    };
    const due = performance.now() + (ms ?? 0);
    this.#patience = setTimeout(() => {
      if (performance.now() - due < BLOCKED) over();
      else this.#patience = setTimeout(over);
    }, ms);
  }

  /** Whoever waits for the next round is told the same as those of this one: there is no time for another. */
  #fail(round: readonly Confirmation[], reason: (request: StoreRequest) => Error): void {
    const all = [...round, ...this.#waiting];
    this.#waiting.clear();
    for (const { subscriber, request } of all) subscriber.error(reason(request));
  }

  /** A server that is not, or no longer, the one to ask says so in many ways. */
  #translate(error: unknown, request: StoreRequest): Error {
    const reason = toElectionError(error, request, true, this.#prefix);
    return reason.code === 'STORE_REPLY'
      ? new ElectionError('STORE_UNAVAILABLE', reason.message, { cause: reason.cause })
      : reason;
  }
}

/** Writes down what is there already: when the lease ends, which a full server takes as well; else the token on record, if there is one. */
const TOUCH = `
local left = redis.call('PTTL', KEYS[1])
if left > 0 then return redis.call('PEXPIRE', KEYS[1], left) end
local token = redis.call('HMGET', KEYS[2], 'token')[1]
if token then redis.call('HSET', KEYS[2], 'token', token) end
`;

function touch(wire: CommandConnection, { key }: StoreRequest): Promise<unknown> {
  const { lease, record } = keysOf(key);
  return wire.eval(TOUCH, { keys: [lease, record], arguments: [] });
}

type Outcome = PromiseSettledResult<unknown>;

/** Renews a lease that is in place. A missing lease may have been granted by another server. */
function renew(wire: CommandConnection, write: RenewRequest, byText: boolean): Promise<unknown> {
  const { source, sha, keys, args } = scripts.renew;
  const options = { keys: keys(keysOf(write.key)), arguments: args(renewal(write, false, true)) };
  return byText ? wire.eval(source, options) : wire.evalSha(sha, options);
}

/** What `call` promises; a client may throw instead. */
const attempt = (call: () => Promise<unknown>): Promise<unknown> => new Promise((resolve) => resolve(call()));

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : '');
/** What a server says that has given the slot away, or is a replica by now. */
const isElsewhere = (error: unknown): boolean =>
  /^(MOVED|ASK|READONLY|CLUSTERDOWN)\b|replica instances/.test(messageOf(error));
const isUnknown = (error: unknown): boolean => messageOf(error).includes('NOSCRIPT');

export const unavailable = ({ verb, key }: StoreRequest, why: string): ElectionError =>
  new ElectionError('STORE_UNAVAILABLE', `${verb} of "${key}" failed: ${why}`);

const unreachable = (request: StoreRequest): ElectionError =>
  unavailable(request, 'the connection that waits for replicas was lost, or could not be had');

/** Without a `count` it is not known how many had it, but that they were too few. */
function tooFew(
  request: StoreRequest,
  replicas: ReplicaPolicy,
  count = replicas.count === 1 ? 0 : undefined,
): ElectionError {
  const had = count === undefined ? `fewer than ${replicas.count}` : `${count} of ${replicas.count}`;
  return unavailable(request, `${had} replicas had it after ${replicas.timeout} ms`);
}
