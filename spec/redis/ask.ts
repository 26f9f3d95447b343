import { expect } from '@jest/globals';
import { firstValueFrom, from } from 'rxjs';
import { ElectionError, type ElectionErrorCode } from '../../lib/port/errors.js';
import type {
  AcquireReply,
  AcquireRequest,
  LeaseStore,
  ListReply,
  ReadReply,
  ReleaseReply,
  RenewReply,
  RenewRequest,
} from '../../lib/port/lease-store.js';
import type { Client } from '../support/redis.js';

export const KEY = 'an election';

/** ms. Longer than any request, except in specs about silence. */
const AMPLE = 10_000;

const common = { key: KEY, timeout: AMPLE };

export const acquireRequest = (more: Partial<AcquireRequest> = {}): AcquireRequest => ({
  verb: 'acquire',
  ...common,
  id: 'me',
  ttl: 60_000,
  name: 'my name',
  lastToken: 0,
  coldStart: 'elect',
  ...more,
});

export const acquire = (store: LeaseStore, more: Partial<AcquireRequest> = {}): Promise<AcquireReply> =>
  firstValueFrom(from(store.acquire(acquireRequest(more))));

export const renewRequest = (more: Partial<RenewRequest> = {}): RenewRequest => ({
  verb: 'renew',
  ...common,
  id: 'me',
  token: 1,
  ttl: 60_000,
  name: 'my name',
  ...more,
});

export const renew = (store: LeaseStore, more: Partial<RenewRequest> = {}): Promise<RenewReply> =>
  firstValueFrom(from(store.renew(renewRequest(more))));

export const release = (store: LeaseStore, id = 'me'): Promise<ReleaseReply> =>
  firstValueFrom(from(store.release({ verb: 'release', ...common, id })));

export const read = (store: LeaseStore, more: { timeout?: number } = {}): Promise<ReadReply> =>
  firstValueFrom(from(store.read({ verb: 'read', ...common, ...more })));

export const list = (store: LeaseStore, ttl = 60_000): Promise<ListReply> =>
  firstValueFrom(from(store.list?.({ verb: 'list', ...common, ttl }) ?? []));

/** The error of `asked`. Fails if it succeeds. */
export async function failure(asked: Promise<unknown>): Promise<ElectionError> {
  const outcome = await asked.then(
    (reply) => ({ reply }),
    (error: ElectionError) => ({ error }),
  );
  if ('error' in outcome) return outcome.error;
  throw new Error(`it did not fail, it answered ${JSON.stringify(outcome.reply)}`);
}

/**
 * Expects that `asked` fails with `code`, names verb and key, and has Redis's error as its cause.
 */
export async function expectFailure(
  asked: Promise<unknown>,
  code: ElectionErrorCode,
  said: string | RegExp,
): Promise<string> {
  const error = await failure(asked);
  expect(error).toBeInstanceOf(ElectionError);
  expect([error.code, error.message]).toEqual([
    code,
    expect.stringMatching(/^(acquire|renew|release|read|list) of "an election" failed: /),
  ]);
  expect(error.message).toMatch(said);
  expect(error.cause).toBeInstanceOf(Error);
  return error.message;
}

/** The number of EVALSHA and EVAL calls at the server of `client`. */
export async function callsSoFar(client: Client): Promise<{ evalsha: number; eval: number }> {
  const stats = await client.info('commandstats');
  const count = (command: string) => Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
  return { evalsha: count('evalsha'), eval: count('eval') };
}

/** The number of each since the start. */
export async function callsOf(
  client: Client,
  work: () => Promise<unknown>,
): Promise<{ evalsha: number; eval: number }> {
  const before = await callsSoFar(client);
  await work();
  const after = await callsSoFar(client);
  return { evalsha: after.evalsha - before.evalsha, eval: after.eval - before.eval };
}
