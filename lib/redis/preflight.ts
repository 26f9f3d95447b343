import { filter, Observable, take } from 'rxjs';
import type { ElectionError } from '../port/errors.js';
import type { CandidateReply } from '../port/lease-store.js';
import { getOrMake } from '../util/lookup.js';
import { warn } from '../util/warning.js';
import { noticesRefused } from './channels.js';
import { adapterOf, type RedisClient } from './client.js';
import type { ClientAdapter } from './client-adapter.js';
import { connectionOf } from './connection.js';
import { keysOf } from './keys.js';

/** What a look is for. */
export interface PreflightRequest {
  readonly key: string;
  readonly ttl: number;
  /** ms one request may take. */
  readonly timeout: number;
}

/** Looks for what will bite, and warns of it. */
export interface Preflight {
  /**
   * Looks at the server, once for each client. Emits nothing, never fails, and completes when there is nothing left to look at: one that is refused or
   * lost is made again with the client's next connection. Nothing is sent before the client has its connection, and nothing told after unsubscription.
   */
  run(request: PreflightRequest): Observable<never>;
  /** Looks at a reply, and warns of another ttl once for each `request`. */
  onReply(reply: CandidateReply, request: PreflightRequest): void;
  /** Looks at a failure, and warns of a replica: once a minute, for as long as the client stays connected to one. */
  onFailure(error: ElectionError): void;
}

/**
 * KEYS[1] is not touched: it has a cluster ask the server that the lease is on. Returns { maxmemory, its policy, role, decimal text and
 * words, each empty where INFO is not allowed; and whether the channel ARGV[1] may be published on, 1 or 0 }. What is published says nothing.
 */
const LOOK = `
local function about(section)
  local info = redis.pcall('INFO', section)
  return type(info) == 'string' and info or ''
end
local memory = about('memory')
return {
  string.match(memory, 'maxmemory:(%d+)') or '', string.match(memory, 'maxmemory_policy:([%w-]+)') or '',
  string.match(about('replication'), 'role:(%w+)') or '',
  type(redis.pcall('PUBLISH', ARGV[1], '')) == 'number' and '1' or '0',
}
`;

/** Where a rule forbids the channels, or the client makes no connection to listen by. */
const warnOfSilence = (reason: string): void =>
  warn(
    'RX_LEADER_NO_NOTICES',
    `Notices of elections and releases cannot arrive: ${reason}. Followers ask by their option "wait" instead, so a hand-over takes up to that long. Allow the user the channels of its elections (&*leader:*), and the commands publish, subscribe and unsubscribe`,
  );

/** Looks made: one alone may have met a busy event loop or a pause of the server's. */
const LOOKS = 3;

const preflights = new WeakMap<RedisClient, Preflight>();
const looked = new WeakSet<RedisClient>();

/** That of all who stand by `client`. */
export const preflightOf = (client: RedisClient): Preflight =>
  getOrMake(preflights, client, () => {
    const warnOfReplica = replicaWarning();
    noticesRefused(client).pipe(take(1)).subscribe(warnOfSilence);
    return {
      run: (request) => look(client, request, warnOfReplica),
      onReply: warnOfOther,
      onFailure: ({ code }) => {
        if (code === 'STORE_READONLY') warnOfReplica();
      },
    };
  });

function look(client: RedisClient, request: PreflightRequest, warnOfReplica: () => void): Observable<never> {
  return new Observable((subscriber) => {
    const isReady = () => adapterOf(client).isReady !== false;
    // A cluster's client of ioredis tells of each node that it gets to know, also before it can ask any.
    const beginOnceConnected = () =>
      subscriber.add(connectionOf(client).notices.pipe(filter(isReady), take(1)).subscribe(begin));
    const begin = () => {
      if (looked.has(client)) return subscriber.complete();
      looked.add(client);
      const over = new AbortController();
      const leave = () => {
        looked.delete(client); // for the next election to do
        over.abort();
      };
      subscriber.add(leave);
      const warnOfMute = () => noticesRefused(client).next('the user may not publish on their channel');
      inspect(adapterOf(client), request, over.signal, warnOfReplica, warnOfMute).then(
        () => {
          subscriber.remove(leave);
          subscriber.complete();
        },
        () => {
          if (subscriber.closed) return;
          subscriber.remove(leave);
          looked.delete(client);
          beginOnceConnected(); // a cluster's client of node-redis does not say whether it is ready: it may not have been
        },
      );
    };
    if (isReady()) begin();
    else beginOnceConnected();
  });
}

/** Fails where nothing could be looked at. */
async function inspect(
  client: ClientAdapter,
  request: PreflightRequest,
  over: AbortSignal,
  warnOfReplica: () => void,
  warnOfMute: () => void,
): Promise<void> {
  const { lease, channel } = keysOf(request.key);
  const options = { keys: [lease], arguments: [client.prefix + channel] };
  const ask = async () => {
    const begun = performance.now();
    const answer = await client.eval(LOOK, options, over);
    return { answer, time: performance.now() - begun };
  };
  const first = await ask();
  if (over.aborted) return;
  if (Array.isArray(first.answer)) warnOfServer(first.answer.map(String), warnOfReplica);
  if (Array.isArray(first.answer) && String(first.answer[3]) === '0') warnOfMute();
  let roundTrip = first.time;
  for (let count = 1; count < LOOKS; count++) {
    const other = await ask().catch(() => undefined);
    if (!other || over.aborted) return;
    roundTrip = Math.min(roundTrip, other.time);
  }
  warnOfDistance(roundTrip, request);
}

function warnOfServer([maxmemory, policy, role]: readonly string[], warnOfReplica: () => void): void {
  if (Number(maxmemory) > 0 && policy && policy !== 'noeviction') {
    warn(
      'RX_LEADER_EVICTION',
      `Redis may evict leases: maxmemory is set and maxmemory-policy is ${policy}. Set it to noeviction, or elect on a Redis of its own`,
    );
  }
  if (role === 'slave') warnOfReplica();
}

/** ms between two warnings of a replica. */
const MINUTE = 60_000;

/** Warns by one client: a master may be demoted at any time, and a client that stays connected to it does not recover by itself. */
function replicaWarning(): () => void {
  let last = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - last < MINUTE) return;
    last = now;
    warn(
      'RX_LEADER_REPLICA',
      'The client is connected to a replica of Redis, where nobody can be elected. Connect it to the master; if that was demoted, close the connection and connect anew',
    );
  };
}

/** Half of a timeout leaves the slower ones of such round trips no room: they fail, one after the other, though nothing is wrong. */
function warnOfDistance(roundTrip: number, { ttl, timeout }: PreflightRequest): void {
  if (roundTrip <= timeout / 2) return;
  warn(
    'RX_LEADER_SHORT_TTL',
    `A round trip to Redis took ${Math.round(roundTrip)} ms, the shortest of ${LOOKS}: too long for a timeout of ${timeout} ms and a ttl of ${ttl} ms. Give a longer ttl`,
  );
}

/** A lease that is longer than so many ttls is worth a word: a clock may be corrected by a little. */
const NOTABLE = 1.05;

const warned = new WeakSet<PreflightRequest>();

/** A lease that is cut was left by a server whose clock was set back, or belongs to somebody who believes in it for longer than it lasts now. */
function warnOfOther(reply: CandidateReply, request: PreflightRequest): void {
  const { key, ttl } = request;
  if (reply.status !== 'held' || reply.cut === undefined || reply.cut <= NOTABLE * ttl || warned.has(request)) return;
  warned.add(request);
  warn(
    'RX_LEADER_OTHER_TTL',
    `The lease of "${key}" was to last another ${reply.cut} ms, longer than the ttl of ${ttl} ms here, and was cut to that: two may lead. Give all candidates the same ttl, unless the clock of Redis was set back`,
  );
}
