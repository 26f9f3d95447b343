import { expect } from '@jest/globals';
import { keysOf } from '../../../lib/redis/keys.js';
import type { ElectionScript } from '../../../lib/redis/script.js';
import { scripts } from '../../../lib/redis/scripts.js';
import type { Client } from '../../support/redis.js';

/** ms. Longer than any spec, so that a lease does not expire. */
export const LONG = 60_000;

/** The arguments of acquire. Defaults: a new candidate. */
export interface AcquireArgs {
  id?: string;
  ttl?: number;
  name?: string;
  data?: string;
  seen?: number;
  notAfter?: number | '';
  coldStart?: 'elect' | 'wait';
  watched?: { until: number; time: number; age: number };
  hears?: boolean;
  inbox?: string;
  releasedBy?: string;
  database?: string;
}

/** The arguments of renew. */
export interface RenewArgs {
  id?: string;
  ttl?: number;
  name?: string;
  data?: string;
  token?: number;
  notAfter?: number | '';
  run?: string;
  asksRun?: boolean;
  inPlace?: boolean;
}

/** A parsed reply of a script. */
export interface Answer {
  status: string;
  micros: number;
  /** The server time in whole ms, as in `until`. */
  now: number;
  token: number;
  until: number;
  rest: string[];
  raw: unknown[];
}

/** The record's fields in Redis. */
export type Fields = Partial<Record<'token' | 'id' | 'name' | 'data' | 'run' | 'until' | 'at' | 'peak', string>>;

/** The ms to wait in a suspect reply. */
export const waitOf = ({ status, rest }: Answer): number => {
  expect(status).toBe('suspect');
  expect(rest).toEqual([expect.stringMatching(/^\d+$/)]);
  return Number(rest[0]);
};

/** Calls the scripts, and reads and writes their keys. */
export class ScriptBench {
  readonly keys = keysOf('an election');

  constructor(readonly client: Client) {}

  acquire(args: AcquireArgs = {}): Promise<Answer> {
    const { id = 'me', ttl = LONG, name = 'my name', data = '', seen = 0 } = args;
    const {
      notAfter = '',
      coldStart = 'elect',
      watched,
      hears = true,
      inbox = '',
      releasedBy = '',
      database = '',
    } = args;
    return this.#call(scripts.acquire, {
      id,
      ttl,
      name,
      data,
      lastToken: seen,
      notAfter: notAfter === '' ? undefined : notAfter,
      coldStart,
      channel: this.keys.channel,
      watchedUntil: watched?.until,
      watchedTime: watched?.time,
      watchedAge: watched?.age,
      hears,
      inbox,
      releasedBy,
      expectedDb: database,
    });
  }

  renew({
    id = 'me',
    ttl = LONG,
    name = 'my name',
    data = '',
    token = 1,
    notAfter = '',
    run = '',
    asksRun = false,
    inPlace = false,
  }: RenewArgs = {}): Promise<Answer> {
    const limit = notAfter === '' ? undefined : notAfter;
    return this.#call(scripts.renew, { id, ttl, name, data, token, notAfter: limit, run, asksRun, inPlace });
  }

  release(id = 'me', successor = '', { quiet = false, absent = '' } = {}): Promise<Answer> {
    return this.#call(scripts.release, { id, channel: this.keys.channel, successor, quiet, absent });
  }

  announce(id = 'me', { ttl = LONG, releasedBy = '' } = {}): Promise<Answer> {
    return this.#call(scripts.announce, { id, ttl, channel: this.keys.channel, releasedBy });
  }

  withdraw(id: string, { name = 'my name', data = '', inbox = '' } = {}): Promise<Answer> {
    return this.#call(scripts.withdraw, { id, name, data, inbox });
  }

  list(ttl = LONG): Promise<Answer> {
    return this.#call(scripts.list, { ttl });
  }

  read(): Promise<Answer> {
    return this.#call(scripts.read, {});
  }

  /** The lease's value and the ms left, -1 without expiry; undefined without a lease. */
  async lease(): Promise<{ id: string; left: number } | undefined> {
    const id = await this.client.get(this.keys.lease);
    return id === null ? undefined : { id, left: await this.client.pTTL(this.keys.lease) };
  }

  loseLease(): Promise<number> {
    return this.client.del(this.keys.lease);
  }

  async putLease(id: string, ttl?: number): Promise<void> {
    await this.client.set(this.keys.lease, id, ttl === undefined ? {} : { PX: ttl });
  }

  /** The record as in replies: the fields `run` and `db` joined as `run id:database`. */
  async record(): Promise<Fields> {
    const { db, ...fields } = await this.client.hGetAll(this.keys.record);
    return { ...fields, ...(db && { run: `${fields.run}:${db}` }) };
  }

  async putRecord(fields: Fields): Promise<void> {
    const { run = '' } = fields;
    const [id = '', db = ''] = run.split(':');
    await this.client.hSet(this.keys.record, { ...fields, ...(fields.run !== undefined && { run: id, db }) });
  }

  /** Everything stored except the list of candidates, which decides nothing. */
  async dump(): Promise<unknown[]> {
    const names = (await this.client.keys('*')).filter((name) => name !== this.keys.candidates).sort();
    return Promise.all(names.map(async (name) => [name, await this.client.type(name), await this.#value(name)]));
  }

  /** Server time in whole ms. */
  async now(): Promise<number> {
    const [seconds, micros] = (await this.client.sendCommand(['TIME'])) as [string, string];
    return Math.floor(Number(seconds) * 1000 + Number(micros) / 1000);
  }

  /** Resolves in the next ms of server time, or later. */
  async pastThisMs(): Promise<void> {
    const now = await this.now();
    while ((await this.now()) === now);
  }

  /** The run of a grant: the run id of the server and the number of the database. */
  async run(): Promise<string> {
    return `${await this.runId()}:0`;
  }

  async runId(): Promise<string> {
    return /run_id:(\w+)/.exec(await this.client.info('server'))?.[1] ?? '';
  }

  async #value(name: string): Promise<unknown> {
    return (await this.client.type(name)) === 'string' ? this.client.get(name) : this.client.hGetAll(name);
  }

  async #call<Args>({ source, keys, args }: ElectionScript<Args>, named: Args): Promise<Answer> {
    const options = { keys: keys(this.keys), arguments: args(named) };
    const raw = (await this.client.eval(source, options)) as unknown[];
    const [status, micros, token, until, ...rest] = raw.map(String) as [string, string, string, string];
    const now = Math.floor(Number(micros) / 1000);
    return { status, micros: Number(micros), now, token: Number(token), until: Number(until), rest, raw };
  }
}
