import { catchError, EMPTY, Observable, type Subscriber, Subscription, timeout } from 'rxjs';
import { ElectionError } from '../port/errors.js';
import type { LeaseRequest, RenewRequest } from '../port/lease-store.js';
import type { CommandConnection } from './client-adapter.js';
import { keysOf } from './keys.js';
import { renewal } from './renewals.js';
import { renewReply } from './reply.js';
import { scripts } from './scripts.js';
import { toElectionError } from './translate.js';

/** The number of replicas that must have a lease, and the ms to wait for them. */
export interface ReplicaPolicy {
  readonly count: number;
  readonly timeout: number;
}

interface Confirmation {
  /** The request that an error names. */
  readonly request: LeaseRequest;
  /** The lease to confirm. Without it, the last write is confirmed. */
  readonly write: RenewRequest | undefined;
  readonly subscriber: Subscriber<never>;
  /** Whether to send the script by its text, since the server does not know its hash. */
  byText: boolean;
  isConfirmed: boolean;
}

/** ms for a connection to open: a multiple of the wait for replicas, up to a limit. */
const CONNECT_MAX = 5_000;
const CONNECT_WAITS = 4;
/**
 * ms by which Redis may end a WAIT late: it checks timeouts `hz` times a second, ten by default.
 */
const WAIT_LAG = 100;
/** A connection that is this many ms late with its reply counts as hung, or earlier. */
const HUNG_MAX = 500;
/** A timer that fires this many ms late shows that the event loop was blocked. */
const BLOCKED = 5;

/**
 * Confirms what the replicas of one server have. It has a connection of its own, since WAIT blocks
 * it. It works in rounds: the writes of all requests, then one WAIT, on the same socket. WAIT
 * counts from the last write of its own connection, and from none after a reconnection. So the open
 * requests of a lost connection are never confirmed by another.
 */
export class ReplicaConfirmer {
  readonly #open: () => Observable<CommandConnection>;
  readonly #replicas: ReplicaPolicy;
  readonly #prefix: string;
  readonly #waiting = new Set<Confirmation>();
  #round: readonly Confirmation[] = [];
  #limitTimer: NodeJS.Timeout | undefined;
  #connection: Subscription | undefined;
  #commands: CommandConnection | undefined;
  #isDue = false;
  #isDoubtful = false;
  #isStale = false;
  #failedAt = Number.NEGATIVE_INFINITY;

  constructor(open: () => Observable<CommandConnection>, replicas: ReplicaPolicy, prefix: string) {
    this.#open = open;
    this.#replicas = replicas;
    this.#prefix = prefix;
  }

  /** Whether the last request was not confirmed. A request without a write ends the doubt. */
  get isDoubtful(): boolean {
    return this.#isDoubtful;
  }

  /**
   * Completes once the lease of `write` is in place, extended, and on enough replicas; else fails.
   */
  confirm(request: LeaseRequest, write?: RenewRequest): Observable<never> {
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

  /** The client has reconnected, maybe to another server. Later requests use a new connection. */
  refresh(): void {
    if (this.#round.length > 0) this.#isStale = true;
    else if (this.#commands) this.#disconnect();
  }

  close(): void {
    this.#disconnect();
    const round = this.#round;
    this.#round = [];
    this.#fail(round, unreachable);
  }

  /** The requests of one turn of the event loop share a round. */
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
    const commands = this.#commands;
    if (!commands) {
      this.#connect();
      return;
    }
    const round = [...this.#waiting];
    this.#waiting.clear();
    this.#round = round;
    const { count, timeout } = this.#replicas;
    this.#setLimit(this.#totalLimit, () => this.#giveUp(round));
    // Each request writes something. Without a write, WAIT counts any connected replica.
    const writes = round.map(({ request, write, byText }) =>
      attempt(() => (write ? renew(commands, write, byText) : touch(commands, request))),
    );
    const counted = attempt(() => commands.wait(count, timeout));
    void Promise.allSettled([counted, ...writes]).then(([count, ...answers]) => {
      if (this.#commands === commands) this.#end(round, count as Outcome, answers);
    });
  }

  /**
   * Fails the round in time. The next one waits for the pending reply, unless the connection hangs.
   */
  #giveUp(round: readonly Confirmation[]): void {
    this.#setLimit(Math.max(WAIT_LAG, Math.min(HUNG_MAX, this.#replicas.timeout)), () => this.close());
    this.#fail(round, (request) => tooFew(request, this.#replicas));
  }

  #end(round: readonly Confirmation[], counted: Outcome, answers: readonly Outcome[]): void {
    this.#round = [];
    this.#setLimit();
    const isRefused = [counted, ...answers].some((one) => one.status === 'rejected' && !isUnknown(one.reason));
    if (isRefused || this.#isStale) this.#disconnect(); // the server may no longer be the master
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
      this.#disconnect(); // the lease may be on a server to which the client has moved
      subscriber.error(error);
      return;
    }
    asked.isConfirmed = true;
    subscriber.complete();
  }

  /**
   * A request without a write goes on if the server redirects it, so that the client follows, too.
   */
  #refuse({ subscriber, request, write }: Confirmation, error: unknown): void {
    if (!write && isElsewhere(error)) subscriber.complete();
    else subscriber.error(this.#translate(error, request));
  }

  /** Opens a connection. Waiting requests fail in time. Later requests may still use it. */
  #connect(): void {
    if (performance.now() - this.#failedAt < this.#replicas.timeout) {
      this.#fail([], unreachable); // no new attempt yet
      return;
    }
    if (!this.#limitTimer) this.#setLimit(this.#totalLimit, () => this.#fail([], unreachable));
    if (this.#connection) return;
    const connection = new Subscription();
    this.#connection = connection;
    const opened = this.#open().pipe(
      timeout({
        first: Math.min(CONNECT_MAX, Math.max(HUNG_MAX, CONNECT_WAITS * this.#replicas.timeout)),
        with: () => EMPTY,
      }),
      catchError(() => EMPTY), // the client's `duplicate` has failed
    );
    const begin = (commands: CommandConnection) => {
      this.#commands = commands;
      this.#setLimit();
      this.#begin();
    };
    const lose = () => {
      if (!this.#commands) this.#failedAt = performance.now();
      this.close();
    };
    connection.add(opened.subscribe({ next: begin, complete: lose }));
  }

  #disconnect(): void {
    this.#setLimit();
    this.#connection?.unsubscribe();
    this.#connection = undefined;
    this.#commands = undefined;
    this.#isStale = false;
  }

  /** ms after which every request has an outcome. */
  get #totalLimit(): number {
    const { timeout } = this.#replicas;
    return timeout + Math.min(WAIT_LAG, timeout / 2);
  }

  /**
   * Calls `end` after `ms` unless replaced. After a blocked event loop, pending replies come first.
   */
  #setLimit(ms?: number, end?: () => void): void {
    clearTimeout(this.#limitTimer);
    this.#limitTimer = undefined;
    if (!end) return;
    const over = () => {
      this.#limitTimer = undefined;
      end();
    };
    const due = performance.now() + (ms ?? 0);
    this.#limitTimer = setTimeout(() => {
      if (performance.now() - due < BLOCKED) over();
      else this.#limitTimer = setTimeout(over);
    }, ms);
  }

  /**
   * Fails this round and the requests that wait for the next, since there is no time for another.
   */
  #fail(round: readonly Confirmation[], reason: (request: LeaseRequest) => Error): void {
    const all = [...round, ...this.#waiting];
    this.#waiting.clear();
    for (const { subscriber, request } of all) subscriber.error(reason(request));
  }

  /** Any other refusal may mean that the server is not the right one any more. */
  #translate(error: unknown, request: LeaseRequest): Error {
    const reason = toElectionError(error, request, true, this.#prefix);
    return reason.code === 'STORE_REPLY'
      ? new ElectionError('STORE_UNAVAILABLE', reason.message, { cause: reason.cause })
      : reason;
  }
}

/** Rewrites the expiry of the lease, which a full server accepts, or else the token on record. */
const TOUCH = `
local left = redis.call('PTTL', KEYS[1])
if left > 0 then return redis.call('PEXPIRE', KEYS[1], left) end
local token = redis.call('HMGET', KEYS[2], 'token')[1]
if token then redis.call('HSET', KEYS[2], 'token', token) end
`;

function touch(commands: CommandConnection, { key }: LeaseRequest): Promise<unknown> {
  const { lease, record } = keysOf(key);
  return commands.eval(TOUCH, { keys: [lease, record], arguments: [] });
}

type Outcome = PromiseSettledResult<unknown>;

/** Renews a lease that is in place. A missing lease may have been granted by another server. */
function renew(commands: CommandConnection, write: RenewRequest, byText: boolean): Promise<unknown> {
  const { source, sha, keys, args } = scripts.renew;
  const options = { keys: keys(keysOf(write.key)), arguments: args(renewal(write, false, true)) };
  return byText ? commands.eval(source, options) : commands.evalSha(sha, options);
}

/** The promise of `call`, which may throw instead. */
const attempt = (call: () => Promise<unknown>): Promise<unknown> => new Promise((resolve) => resolve(call()));

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : '');
/** Whether the server no longer has the slot, or is a replica. */
const isElsewhere = (error: unknown): boolean =>
  /^(MOVED|ASK|READONLY|CLUSTERDOWN)\b|replica instances/.test(messageOf(error));
const isUnknown = (error: unknown): boolean => messageOf(error).includes('NOSCRIPT');

export const unavailable = ({ verb, key }: LeaseRequest, why: string): ElectionError =>
  new ElectionError('STORE_UNAVAILABLE', `${verb} of "${key}" failed: ${why}`);

const unreachable = (request: LeaseRequest): ElectionError =>
  unavailable(request, 'the connection that waits for replicas was lost, or could not be had');

/** Without `count`, the exact number is not known. */
function tooFew(
  request: LeaseRequest,
  replicas: ReplicaPolicy,
  count = replicas.count === 1 ? 0 : undefined,
): ElectionError {
  const had = count === undefined ? `fewer than ${replicas.count}` : `${count} of ${replicas.count}`;
  return unavailable(request, `${had} replicas had it after ${replicas.timeout} ms`);
}
