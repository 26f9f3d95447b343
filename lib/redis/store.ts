import { defer, Observable } from 'rxjs';
import type { LeaseRequest, LeaseStore } from '../port/lease-store.js';
import { getOrMake } from '../util/lookup.js';
import { openChannels } from './channels.js';
import { adapterOf, type RedisClient, revocable } from './client.js';
import type { ClientAdapter, ScriptOptions } from './client-adapter.js';
import { type Connection, connectionOf } from './connection.js';
import { Home } from './home.js';
import { keysOf } from './keys.js';
import { type Renewer, renewal, renewalOfAll, renewals } from './renewals.js';
import {
  acquireReply,
  databaseIn,
  isUntold,
  listReply,
  readReply,
  releaseReply,
  renewManyReply,
  renewReply,
  withdrawReply,
} from './reply.js';
import type { ElectionScript, ScriptText } from './script.js';
import { type AcquireArgs, scripts } from './scripts.js';
import { toElectionError } from './translate.js';

const stores = new WeakMap<RedisClient, WeakMap<object, LeaseStore>>();
const NO_SUBSCRIBER = {};

/**
 * The store of leases in Redis by `client`. All its elections share one store, so that renewals can
 * share requests. Notices arrive by a duplicate of `subscriber`; `false` means no notices.
 */
export const redisStore = (client: RedisClient, subscriber: RedisClient | false = client): LeaseStore =>
  getOrMake(getOrMake(stores, client, newMap), subscriber || NO_SUBSCRIBER, () => open(client, subscriber));

const newMap = () => new WeakMap<object, LeaseStore>();

function open(redis: RedisClient, subscriber: RedisClient | false): LeaseStore {
  const client = adapterOf(redis);
  const home = new Home(client);
  const call = callerOf(client, home);
  const ask = askerOf(client, connectionOf(redis), call);
  const channels = openChannels(redis, subscriber, home);
  // Elections under different prefixes are different elections, and must not share a channel.
  const channelOf = ({ key }: { readonly key: string }) => client.prefix + keysOf(key).channel;
  return {
    acquire: (request) =>
      defer(() => {
        const { id, ttl, name, data = '', lastToken, notAfter, coldStart, watched, hears = false } = request;
        const channel = channelOf(request);
        const releasedBy = channels.releasedBy(channel);
        const args: AcquireArgs = {
          id,
          ttl,
          name,
          data,
          lastToken,
          notAfter,
          coldStart,
          channel,
          watchedUntil: watched?.until,
          watchedTime: watched?.time,
          watchedAge: watched?.age,
          hears: channels.openInbox(hears),
          inbox: channels.inbox,
          releasedBy,
          expectedDb: home.database,
        };
        // Not awaited, and nothing depends on it: candidates without the notice ask when the lease
        // that they know of expires.
        const announce = () =>
          ask(request, scripts.announce, { id, ttl, channel, releasedBy }, nothing).subscribe({ error: nothing });
        const parse = (raw: unknown) => {
          const reply = acquireReply(raw, request);
          if (isUntold(raw)) announce();
          return reply;
        };
        return ask(request, scripts.acquire, args, parse);
      }),
    renew: renewals(renewer(client, ask, call)),
    release: (request) => {
      const { id, successor = '', quiet = false, absent = '' } = request;
      const args = { id, channel: channelOf(request), successor, quiet, absent };
      return ask(request, scripts.release, args, releaseReply);
    },
    read: (request) => ask(request, scripts.read, {}, readReply),
    withdraw: (request) => {
      const { id, name, data = '' } = request;
      return ask(request, scripts.withdraw, { id, name, data, inbox: channels.inbox }, withdrawReply);
    },
    list: (request) => ask(request, scripts.list, { ttl: request.ttl }, listReply),
    notices: (key) => channels.notices(channelOf({ key })),
  };
}

/** Batches renewals if the client has one server. A cluster refuses the keys of several slots. */
function renewer(client: ClientAdapter, ask: Ask, call: Call): Renewer {
  let isOneServer = client.serves === 'one';
  // No event tells that a slot has moved its leases to another server. A pool has no connection
  // events.
  const asksRun = (): boolean => !isOneServer || client.readyEvents.length === 0;
  return {
    get isReady() {
      return isOneServer && client.isReady !== false;
    },
    alone: (request) => ask(request, scripts.renew, renewal(request, asksRun()), renewReply),
    together: async (requests, signal) => {
      const { elections, args } = renewalOfAll(requests, asksRun());
      const { renewMany } = scripts;
      const options = { keys: renewMany.keys(elections), arguments: renewMany.args(args) };
      return renewManyReply(await call(signal, renewMany, options));
    },
    explain: (error, request) => {
      if (/\b(CROSSSLOT|MOVED|ASK)\b/.test(String(error))) isOneServer = false;
      const reason = toElectionError(error, request, client.isReady !== false, client.prefix);
      // The server may have refused only one of them, such as a key that an ACL rule forbids.
      return reason.code === 'STORE_UNAVAILABLE' && isOneServer ? reason : undefined;
    },
  };
}

/** Calls a script on subscription. Unsubscription cancels the call if it is not written yet. */
type Ask = <Args, Reply>(
  request: LeaseRequest,
  script: ElectionScript<Args>,
  args: Args,
  parse: (raw: unknown, request: LeaseRequest) => Reply,
) => Observable<Reply>;

const askerOf =
  (client: ClientAdapter, connection: Connection, call: Call): Ask =>
  (request, script, args, parse) =>
    new Observable((subscriber) => {
      const fail = (error: unknown) =>
        subscriber.error(toElectionError(error, request, client.isReady !== false, client.prefix));
      const done = (reply: ReturnType<typeof parse>) => {
        subscriber.next(reply);
        subscriber.complete();
      };
      const options = { keys: script.keys(keysOf(request.key)), arguments: script.args(args) };
      const { answer, revoke } = revocable((signal) => call(signal, script, options));
      subscriber.add(revoke);
      subscriber.add(watchQueue(client, connection, request.timeout, fail));
      subscriber.add(watchSlot(client, request, fail));
      answer.then((raw) => parse(raw, request)).then(done, fail);
    });

type Call = (signal: AbortSignal, script: ScriptText, options: ScriptOptions) => Promise<unknown>;

/**
 * Calls a script. Rejects if the client has moved to another database, before or after the call.
 */
const callerOf =
  (client: ClientAdapter, home: Home): Call =>
  async (signal, script, options) => {
    home.check();
    const raw = await run(client, signal, script, options);
    const database = databaseIn(raw);
    if (database !== undefined) home.check(database);
    return raw;
  };

/**
 * Calls by hash, and by text if the server does not know the hash. A restart forgets all hashes.
 */
async function run(
  client: ClientAdapter,
  signal: AbortSignal,
  script: ScriptText,
  options: ScriptOptions,
): Promise<unknown> {
  try {
    return await client.evalSha(script.sha, options, signal);
  } catch (error) {
    if (signal.aborted || !(error instanceof Error) || !error.message.includes('NOSCRIPT')) throw error;
    return client.eval(script.source, options, signal);
  }
}

/** ms by which this timer precedes the election's. Timers that are closer may fire in any order. */
const TIMER_MARGIN = 2;

/**
 * Fails a request that still waits for a connection just before its timeout, with the reason why
 * there is no connection.
 */
function watchQueue(client: ClientAdapter, connection: Connection, timeout: number, fail: (error: unknown) => void) {
  if (client.isReady !== false) return undefined;
  const timer = setTimeout(() => {
    if (client.isReady === false) fail(connection.lastError ?? new Error('the client is not connected'));
  }, timeout - TIMER_MARGIN);
  return () => clearTimeout(timer);
}

/**
 * Fails a request that the client silently retries while its slot is being moved. It calls the
 * server itself after half of the timeout, and uses the error of that call.
 */
function watchSlot({ evalShaOnce }: ClientAdapter, { key, timeout }: LeaseRequest, fail: (error: unknown) => void) {
  if (!evalShaOnce) return undefined;
  const options = { keys: scripts.read.keys(keysOf(key)), arguments: [] };
  const timer = setTimeout(() => {
    evalShaOnce(scripts.read.sha, options).catch((error) => {
      if (/^TRYAGAIN\b/.test(String(error?.message))) fail(error);
    });
  }, timeout / 2);
  return () => clearTimeout(timer);
}

const nothing = () => {};
