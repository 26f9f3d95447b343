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

/** The election for which a client is checked. */
export interface PreflightRequest {
  readonly key: string;
  readonly ttl: number;
  /** The timeout of a request, ms. */
  readonly timeout: number;
}

/** Warns of settings and servers that will cause trouble. */
export interface Preflight {
  /**
   * Checks the server, once for each client. Emits nothing, never fails, and completes when the
   * check is done. A check that is refused or lost is repeated on the client's next connection.
   * Sends nothing before the client is connected, and warns of nothing after unsubscription.
   */
  run(request: PreflightRequest): Observable<never>;
  /** Warns of another ttl in a reply, once for each `request`. */
  onReply(reply: CandidateReply, request: PreflightRequest): void;
  /** Warns of a replica, at most once a minute. */
  onFailure(error: ElectionError): void;
}

/**
 * Reads the server's settings. KEYS[1] is the lease, not touched: it makes a cluster use the server
 * of the lease. ARGV[1] is the election's channel. Returns { maxmemory, its policy, role: each
 * empty if INFO is not allowed; 1 if publishing on the channel is allowed, else 0 }. Publishes an
 * empty message, which subscribers ignore.
 */
const CHECK = `
local function infoOf(section)
  local info = redis.pcall('INFO', section)
  return type(info) == 'string' and info or ''
end
local memory = infoOf('memory')
return {
  string.match(memory, 'maxmemory:(%d+)') or '', string.match(memory, 'maxmemory_policy:([%w-]+)') or '',
  string.match(infoOf('replication'), 'role:(%w+)') or '',
  type(redis.pcall('PUBLISH', ARGV[1], '')) == 'number' and '1' or '0',
}
`;

/** An ACL rule forbids the channels, or the client cannot open a subscriber connection. */
const warnOfNoNotices = (reason: string): void =>
  warn(
    'RX_LEADER_NO_NOTICES',
    `Notices of elections and releases cannot arrive: ${reason}. Followers ask by their option "wait" instead, so a hand-over takes up to that long. Allow the user the channels of its elections (&*leader:*), and the commands publish, subscribe and unsubscribe`,
  );

/** Round trips measured. A single one may meet a busy event loop or a pause of the server. */
const SAMPLES = 3;

const preflights = new WeakMap<RedisClient, Preflight>();
const checked = new WeakSet<RedisClient>();

/** The preflight of `client`, shared by all its candidates. */
export const preflightOf = (client: RedisClient): Preflight =>
  getOrMake(preflights, client, () => {
    const warnOfReplica = replicaWarning();
    noticesRefused(client).pipe(take(1)).subscribe(warnOfNoNotices);
    return {
      run: (request) => check(client, request, warnOfReplica),
      onReply: warnOfOtherTtl,
      onFailure: ({ code }) => {
        if (code === 'STORE_READONLY') warnOfReplica();
      },
    };
  });

function check(client: RedisClient, request: PreflightRequest, warnOfReplica: () => void): Observable<never> {
  return new Observable((subscriber) => {
    const isReady = () => adapterOf(client).isReady !== false;
    // A cluster client of ioredis emits each node that it discovers, also before it can use any.
    const beginOnceConnected = () =>
      subscriber.add(connectionOf(client).notices.pipe(filter(isReady), take(1)).subscribe(begin));
    const begin = () => {
      if (checked.has(client)) return subscriber.complete();
      checked.add(client);
      const over = new AbortController();
      const leave = () => {
        checked.delete(client); // the next election checks it
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
          checked.delete(client);
          // A cluster client of node-redis may not have been ready. It does not tell.
          beginOnceConnected();
        },
      );
    };
    if (isReady()) begin();
    else beginOnceConnected();
  });
}

/** Rejects if the first request fails. */
async function inspect(
  client: ClientAdapter,
  request: PreflightRequest,
  over: AbortSignal,
  warnOfReplica: () => void,
  warnOfMute: () => void,
): Promise<void> {
  const { lease, channel } = keysOf(request.key);
  const options = { keys: [lease], arguments: [client.prefix + channel] };
  const measure = async () => {
    const begun = performance.now();
    const answer = await client.eval(CHECK, options, over);
    return { answer, time: performance.now() - begun };
  };
  const first = await measure();
  if (over.aborted) return;
  if (Array.isArray(first.answer)) warnOfServer(first.answer.map(String), warnOfReplica);
  if (Array.isArray(first.answer) && String(first.answer[3]) === '0') warnOfMute();
  let roundTrip = first.time;
  for (let count = 1; count < SAMPLES; count++) {
    const other = await measure().catch(() => undefined);
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
const REPLICA_WARNING_EVERY = 60_000;

/**
 * Warns of a replica, for one client. A master may be demoted at any time. A client that stays
 * connected to it does not recover by itself.
 */
function replicaWarning(): () => void {
  let last = Number.NEGATIVE_INFINITY;
  return () => {
    const now = performance.now();
    if (now - last < REPLICA_WARNING_EVERY) return;
    last = now;
    warn(
      'RX_LEADER_REPLICA',
      'The client is connected to a replica of Redis, where nobody can be elected. Connect it to the master; if that was demoted, close the connection and connect anew',
    );
  };
}

/**
 * If the fastest round trip takes half of the timeout, slower ones fail although nothing is wrong.
 */
function warnOfDistance(roundTrip: number, { ttl, timeout }: PreflightRequest): void {
  if (roundTrip <= timeout / 2) return;
  warn(
    'RX_LEADER_SHORT_TTL',
    `A round trip to Redis took ${Math.round(roundTrip)} ms, the shortest of ${SAMPLES}: too long for a timeout of ${timeout} ms and a ttl of ${ttl} ms. Give a longer ttl`,
  );
}

/**
 * A cut of a longer lease than this many ttls is reported. A clock may be corrected by a little.
 */
const REPORTED_TTLS = 1.05;

const warned = new WeakSet<PreflightRequest>();

/** A lease is cut if the server's clock was set back, or if its holder has a longer ttl. */
function warnOfOtherTtl(reply: CandidateReply, request: PreflightRequest): void {
  const { key, ttl } = request;
  if (reply.status !== 'held' || reply.cut === undefined || reply.cut <= REPORTED_TTLS * ttl || warned.has(request))
    return;
  warned.add(request);
  warn(
    'RX_LEADER_OTHER_TTL',
    `The lease of "${key}" was to last another ${reply.cut} ms, longer than the ttl of ${ttl} ms here, and was cut to that: two may lead. Give all candidates the same ttl, unless the clock of Redis was set back`,
  );
}
