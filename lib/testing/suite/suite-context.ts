import { strict as assert } from 'node:assert';
import { from, lastValueFrom, type ObservableInput, toArray } from 'rxjs';
import type {
  AcquireReply,
  AcquireRequest,
  Granted,
  Holder,
  LeaseReply,
  LeaseStore,
  ReadReply,
  ReleaseReply,
  RenewReply,
  RenewRequest,
} from '../../port/lease-store.js';

/**
 * A store under test, with hooks to manipulate it.
 * A case that needs a missing hook passes without a check.
 */
export interface LeaseStoreUnderTest {
  readonly store: LeaseStore;
  /** Lets `ms` pass by the store's clock. Default: waits in real time. */
  elapse?(ms: number): Promise<void>;
  /**
   * Puts the lease of a holder that writes no record, for `ttl` ms. Without `ttl`, it never
   * expires.
   */
  put?(key: string, id: string, ttl?: number): Promise<void>;
  /** Deletes only the lease of `key`, as an eviction does. */
  loseLease?(key: string): Promise<void>;
  /** Deletes everything. */
  flush?(): Promise<void>;
  /** Called after each case. */
  close?(): Promise<void>;
}

/** ms of a lease that never expires during a case. */
export const LONG = 60_000;

/** The promises of a store, each with the case that checks it. */
export type Cases = Readonly<Record<string, (suite: SuiteContext) => Promise<void>>>;

let contexts = 0;

/** The context of one case: a store, a key of its own, and candidates. */
export class SuiteContext {
  readonly key = `suite ${process.pid} ${++contexts}`;
  readonly store: LeaseStore;
  #candidates = 0;

  constructor(
    readonly hooks: LeaseStoreUnderTest,
    /** ms of a lease that expires during a case. */
    readonly ttl: number,
  ) {
    this.store = hooks.store;
  }

  /** Creates a candidate with its own id. */
  candidate(ttl = LONG, key = this.key): Candidate {
    const id = `candidate-${++this.#candidates}/${key}`;
    return new Candidate(this.store, { key, id, name: `name-${this.#candidates}`, ttl });
  }

  async read(key = this.key): Promise<ReadReply> {
    return answerOf<ReadReply>(this.store.read({ verb: 'read', key, timeout: LONG }));
  }

  async holder(key = this.key): Promise<Holder | undefined> {
    const reply = await this.read(key);
    return reply.status === 'held' ? reply.holder : undefined;
  }

  async elapse(ms: number): Promise<void> {
    if (this.hooks.elapse) return this.hooks.elapse(ms);
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  /** Lets time pass until `look` finds something. Fails after `within` ms. */
  async until<T>(look: () => Promise<T | undefined>, within: number, what: string): Promise<T> {
    const step = Math.max(1, Math.floor(within / 50));
    for (let passed = 0; passed <= within; passed += step) {
      const found = await look();
      if (found !== undefined) return found;
      await this.elapse(step);
    }
    assert.fail(`not within ${within} ms: ${what}`);
  }
}

/** A candidate, with the requests that it makes. */
export class Candidate {
  readonly id: string;
  /** The token of its last grant. */
  token = 0;
  #run: string | undefined;
  readonly #store: LeaseStore;
  readonly #common: { key: string; id: string; name: string; ttl: number };

  constructor(store: LeaseStore, common: { key: string; id: string; name: string; ttl: number }) {
    this.#store = store;
    this.#common = common;
    this.id = common.id;
  }

  async acquire(more: Partial<AcquireRequest> = {}): Promise<AcquireReply> {
    const request: AcquireRequest = {
      verb: 'acquire',
      ...this.#common,
      timeout: LONG,
      lastToken: 0,
      coldStart: 'elect',
      ...more,
    };
    const reply = await answerOf<AcquireReply>(this.#store.acquire(request));
    if (reply.status === 'granted') {
      this.token = reply.token;
      this.#run = reply.run;
    }
    return reply;
  }

  /** Acquires and expects a grant. */
  async lead(more: Partial<AcquireRequest> = {}): Promise<Granted> {
    return is(await this.acquire(more), 'granted');
  }

  async renew(more: Partial<RenewRequest> = {}): Promise<RenewReply> {
    const run = this.#run !== undefined && { run: this.#run };
    const request: RenewRequest = {
      verb: 'renew',
      ...this.#common,
      timeout: LONG,
      token: this.token,
      ...run,
      ...more,
    };
    return answerOf<RenewReply>(this.#store.renew(request));
  }

  async release(): Promise<ReleaseReply> {
    const { key, id } = this.#common;
    return answerOf<ReleaseReply>(this.#store.release({ verb: 'release', key, id, timeout: LONG }));
  }
}

/** Returns the reply, which must be the only one and well-formed. */
async function answerOf<Reply extends LeaseReply>(input: ObservableInput<Reply>): Promise<Reply> {
  const replies = await lastValueFrom(from(input).pipe(toArray()));
  assert.equal(replies.length, 1, 'a request has one reply');
  const [reply] = replies as [Reply];
  const { time, token, until } = reply;
  for (const number of [time, token, until]) {
    assert.ok(number === undefined || (Number.isFinite(number) && number >= 0), `${JSON.stringify(reply)} is in order`);
  }
  assert.ok(token === undefined || Number.isSafeInteger(token), `the token ${token} is a safe integer`);
  return reply;
}

/** Returns `reply`, which must have this status. */
export function is<Reply extends LeaseReply, Status extends Reply['status']>(
  reply: Reply,
  status: Status,
): Extract<Reply, { status: Status }> {
  assert.equal(reply.status, status, `expected ${status}: ${JSON.stringify(reply)}`);
  return reply as Extract<Reply, { status: Status }>;
}
