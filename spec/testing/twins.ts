import { filter, firstValueFrom, from, type Observable, Subscription } from 'rxjs';
import type { ElectionError, LeaseStore } from '../../lib/index.js';
import type { LeaseReply, LeaseRequest, Standing } from '../../lib/port/lease-store.js';
import { keysOf } from '../../lib/redis/keys.js';
import { redisStore } from '../../lib/redis/store.js';
import { type LeaseRecord, MemoryLeaseStore } from '../../lib/testing/index.js';
import type { Client } from '../support/redis.js';
import type { Command } from './commands.js';

/** A reply, or the code of the error instead. */
export type Answer = LeaseReply | { readonly error: string };

/** The stored data of one election. */
interface Stored {
  readonly lease?: { readonly id: string; readonly expiresAt: number };
  readonly record?: LeaseRecord;
  /** All listed candidates, however old their last attempt is. */
  readonly candidates?: readonly Standing[];
}

/** ms: longer than anything lasts. */
const EVER = 1e9;

/** The result of one command at both stores. */
export interface Comparison {
  readonly real: { readonly answer?: Answer; readonly stored?: Stored };
  readonly model: { readonly answer?: Answer; readonly stored?: Stored };
  /** Whether the result depended on the ms at which Redis judged the lease, which is unknown. */
  readonly unclear: boolean;
}

/**
 * Reads everything stored of an election, and the time. Repeats if a millisecond passed in between,
 * so that both are exact.
 */
const LOOK = `
  local function now() local t = redis.call('TIME') return t[1] * 1000 + math.floor(t[2] / 1000) end
  local before, left, after
  repeat
    before = now()
    left = redis.call('PTTL', KEYS[1])
    after = now()
  until before == after
  return { after, left, redis.call('GET', KEYS[1]) or '', redis.call('HGETALL', KEYS[2]), redis.call('PTTL', KEYS[3]) }`;

/**
 * A Redis and its model, which receive the same commands.
 *
 * The obstacle is time. Each real reply sets the model's clock, to the µs at which Redis answered.
 * Tokens, `until` and everything that depends on them must therefore be exactly equal.
 * Redis counts only the lease's own expiry by another clock, read a moment later. The rest of a
 * lease may therefore differ
 * by the duration of the command, and no more. The model then continues with the real value.
 */
export class Twins {
  readonly #client: Client;
  readonly #real: LeaseStore;
  readonly #model: MemoryLeaseStore;
  readonly #run: string;
  #now = 0;
  #runs = 1;
  #listening = Subscription.EMPTY;

  static async of(client: Client): Promise<Twins> {
    const run = /run_id:(\w+)/.exec(await client.info('server'))?.[1] ?? '';
    const twins = new Twins(client, run);
    // A subscribed candidate, so that a release can notify it alone.
    await twins.#ask({
      verb: 'acquire',
      key: 'any',
      id: 'any',
      name: '',
      ttl: 1,
      timeout: 5_000,
      lastToken: 0,
      coldStart: 'elect',
    });
    const listening = from(twins.#real.notices?.('any') ?? []).pipe(filter(({ kind }) => kind === 'listening'));
    await new Promise<void>((resolve) => {
      twins.#listening = listening.subscribe(() => resolve());
    });
    return twins;
  }

  private constructor(client: Client, run: string) {
    this.#client = client;
    this.#run = run;
    this.#real = redisStore(client);
    this.#model = new MemoryLeaseStore({ clock: { now: () => this.#now }, epoch: 0 });
  }

  async do(command: Command): Promise<Comparison> {
    switch (command.do) {
      case 'ask':
        return this.#ask(command.request, 'isJoint' in command);
      case 'flush':
        await this.flush();
        break;
      case 'restart':
        await this.#restart();
        break;
      case 'lose':
        await this.#client.del(keysOf(command.key)[command.what]);
        this.#model.evict(command.key, command.what);
        break;
      case 'put':
        await this.#put(command.key, command.id, command.ttl);
        break;
    }
    return { real: {}, model: {}, unclear: false };
  }

  leave(): void {
    this.#listening.unsubscribe();
  }

  async flush(): Promise<void> {
    await this.#client.flushAll();
    this.#model.flush();
  }

  async #ask(request: LeaseRequest, isJoint = false): Promise<Comparison> {
    const { key } = request;
    const before = await this.#look(key);
    const asked = answerOf(this.#real, this.#toReal(request));
    if (isJoint) await answerOf(this.#real, { ...this.#toReal(request), key: 'mate' });
    const answer = await asked;
    const after = await this.#look(key);

    // An error contains no time. A request after its deadline would have been `late`, so an earlier
    // time applies.
    this.#now = 'error' in answer ? before.time : (answer.time ?? 0);
    const answeredAt = Math.floor(this.#now);
    const isLease = isUnclear(request, before.stored.lease?.expiresAt, [before.time, answeredAt, after.time]);
    const answered = asToldOf(answer, await answerOf(this.#model, request));
    const [listed, modelled] = [await this.#listed(this.#real, key), await this.#listed(this.#model, key)];
    // Whether the candidate list expired during the command, or just after it, by a clock that is
    // read slightly earlier or later.
    const took = (await this.#look(key)).time - before.time + 2;
    const runsOut = request.verb === 'acquire' ? Math.min(2 * request.ttl, EVER) : Number.POSITIVE_INFINITY;
    const isList = (before.listed >= 0 && before.listed <= took) || runsOut <= took;
    const unclear = isLease || isList;
    const slack = after.time - answeredAt;
    const real = {
      answer: within(slack, this.#toModel(answer), answered),
      stored: { ...after.stored, candidates: listed },
    };
    const stored = { ...this.#adopt(key, after.stored, slack), candidates: modelled };
    return { real, model: { answer: answered, stored }, unclear };
  }

  async #listed(store: LeaseStore, key: string): Promise<readonly Standing[]> {
    const reply = await answerOf(store, { verb: 'list', key, timeout: 5_000, ttl: EVER });
    return 'candidates' in reply ? reply.candidates : [];
  }

  /** The model's data, with the real lease's expiry if it is within `slack` ms. */
  #adopt(key: string, { lease: real }: Stored, slack: number): Stored {
    const record = this.#model.record(key);
    const lease = this.#model.lease(key);
    const told = record && { record };
    if (!lease) return { ...told };
    const now = Math.floor(this.#now);
    const expiresAt = now + lease.expiresIn;
    const late = (real?.expiresAt ?? 0) - expiresAt;
    // The lease may have expired since the command. Newer servers may remove it as soon as its last
    // millisecond starts.
    if (!real && lease.expiresIn <= slack) return { ...told };
    if (real?.id !== lease.id || !(late >= 0 && late <= slack)) return { ...told, lease: { id: lease.id, expiresAt } };
    this.#model.put(key, lease.id, real.expiresAt - now);
    return { ...told, lease: { id: lease.id, expiresAt: real.expiresAt } };
  }

  async #put(key: string, id: string, ttl?: number): Promise<void> {
    await this.#client.set(keysOf(key).lease, id, ttl === undefined ? {} : { PX: ttl });
    const { time, stored } = await this.#look(key);
    this.#now = time;
    if (stored.lease) this.#model.put(key, id, stored.lease.expiresAt - time);
    else this.#model.evict(key, 'lease');
  }

  /**
   * A real restart of Redis takes too long. Instead, its data is changed to belong to an earlier
   * run.
   */
  async #restart(): Promise<void> {
    const before = `run${this.#runs++}`;
    this.#model.restart({ keep: true });
    for (const record of await this.#client.keys('*:record')) {
      if (serverOf((await this.#client.hGet(record, 'run')) ?? '') === this.#run)
        await this.#client.hSet(record, 'run', before);
    }
  }

  async #look(key: string): Promise<{ time: number; stored: Stored; listed: number }> {
    const { lease, record, candidates } = keysOf(key);
    const seen = await this.#client.eval(LOOK, { keys: [lease, record, candidates] });
    const [time, left, id, fields, listed] = seen as [number, number, string, string[], number];
    // In its last ms, or past that as far as a script can see. A second look finds it gone.
    if (left === 0) return this.#look(key);
    const expiresAt = left === -1 ? Number.POSITIVE_INFINITY : time + left;
    const stored = {
      ...(left !== -2 && { lease: { id, expiresAt } }),
      ...(fields.length > 0 && { record: this.#record(fields) }),
    };
    return { time, stored, listed };
  }

  #record(fields: readonly string[]): LeaseRecord {
    const value = (name: string) => fields[fields.indexOf(name) + 1] ?? '';
    const [id, name, data] = [value('id'), value('name'), value('data')];
    return {
      token: Number(value('token')),
      id,
      name,
      data,
      run: this.#modelRun(value('run')),
      until: Number(value('until')),
      at: Number(value('at')),
      peak: Number(value('peak')),
    };
  }

  #modelRun(run: string): string {
    const server = serverOf(run);
    return server === this.#run ? `run${this.#runs}` : server;
  }

  #toReal(request: LeaseRequest): LeaseRequest {
    if (request.verb !== 'renew' || request.run !== `run${this.#runs}`) return request;
    return { ...request, run: `${this.#run}:0` };
  }

  #toModel(answer: Answer): Answer {
    if (!('run' in answer) || answer.run === undefined) return answer;
    return { ...answer, run: this.#modelRun(answer.run) };
  }
}

/**
 * Whether the lease expired, or had exactly a ttl left, during the command.
 *
 * The script reads one time, and Redis judges an expiry by others, a moment earlier or later.
 */
function isUnclear(request: LeaseRequest, expiresAt: number | undefined, times: [number, number, number]): boolean {
  if (expiresAt === undefined) return false;
  const [before, answered, after] = times;
  const runsOut = before <= expiresAt && expiresAt <= after;
  const cut = request.verb === 'acquire' ? expiresAt - request.ttl : 0;
  return runsOut || (answered < cut && cut <= after);
}

/**
 * Returns `model` without its token if `real` has none: joint renewals do not return the token of
 * each.
 */
function asToldOf(real: Answer, model: Answer): Answer {
  if (!('token' in model) || 'token' in real || 'error' in real) return model;
  const { token: _, ...others } = model;
  return others as Answer;
}

/** Returns `real` with the model's `expiresIn` if its own is at most `slack` ms less. */
function within(slack: number, real: Answer, model: Answer): Answer {
  if (!('holder' in real) || !real.holder || !('holder' in model) || !model.holder) return real;
  const less = model.holder.expiresIn - real.holder.expiresIn;
  // Redis shortens a lease by its own time, so it may also last longer.
  if (Math.abs(less) > slack) return real;
  const told = { ...real, holder: { ...real.holder, expiresIn: model.holder.expiresIn } };
  return Math.abs(leftOf(model) - leftOf(real)) > slack ? told : withCutOf(model, told);
}

/** ms that were left of a lease, shortened or not. */
const leftOf = (answer: Answer): number =>
  'cut' in answer && answer.cut !== undefined ? answer.cut : 'holder' in answer ? (answer.holder?.expiresIn ?? 0) : 0;

function withCutOf(model: Answer, { cut: _, ...real }: Answer & { readonly cut?: number }): Answer {
  return { ...real, ...('cut' in model && { cut: model.cut }) } as Answer;
}

/** The run id of the server, from a run with its database. */
const serverOf = (run: string): string => run.replace(/:\d+$/, '');

async function answerOf(store: LeaseStore, request: LeaseRequest): Promise<Answer> {
  const asked = (store[request.verb] as (request: LeaseRequest) => Observable<LeaseReply>).call(store, request);
  return firstValueFrom(from(asked)).catch(({ code, message }: ElectionError) => ({ error: code ?? message }));
}
