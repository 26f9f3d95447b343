/**
 * The meaning of every field of a world. It lets the checker merge worlds that differ in nothing
 * relevant. A missing field is an error: add each new field of a state here.
 */
export type Kind =
  /** Compared by its value. */
  | 'plain'
  /** Only whether it is there, or above zero. */
  | 'flag'
  /** Changes nothing that is decided: why is said beside the field. */
  | 'ignored'
  /** ms by the clock of candidates. */
  | 'own'
  /** ms of a timer. It fires at the first tick at or after its time, so times round up. */
  | 'timer'
  /** ms by the clock of the store; 0 stands for "released". */
  | 'store'
  /** A duration that counts as the same once it is a ttl. */
  | 'age'
  | 'token'
  | 'id'
  | 'ids';

export type Shape = { readonly [field: string]: Kind | { readonly of: string } | { readonly each: string } };

const COMMON: Shape = {
  phase: 'plain',
  id: 'id',
  memory: { of: 'memory' },
  role: 'plain',
  holder: { of: 'known' },
  listed: 'id',
  retired: 'ids',
  mustProbe: 'plain',
  notices: { of: 'notices' },
  lastSentAt: 'own',
  sent: { of: 'sent' },
};

export const SHAPES: { readonly [name: string]: Shape } = {
  campaigning: { ...COMMON, hasFailed: 'plain', nextAt: 'timer' },
  leading: { ...COMMON, term: { of: 'term' }, renewAt: 'own', error: 'flag' },
  exiting: {
    ...COMMON,
    term: { of: 'term' },
    renewAt: 'own',
    drained: 'plain',
    drainBy: 'own',
    release: 'ids',
    releasedAt: 'own',
    successor: 'id',
    hasSuccessor: 'plain',
    awaitingSuccessor: { of: 'awaitingSuccessor' },
    cooldown: 'plain',
  },
  cooling: { ...COMMON, nextAt: 'timer', released: 'plain' },
  done: { phase: 'plain' },
  memory: {
    token: 'token',
    mustProbe: 'plain',
    time: 'ignored', // with `at` it is an offset, encoded by itself
    at: 'ignored',
    watch: { of: 'watch' },
  },
  watch: { until: 'store', since: 'own', offset: 'plain' },
  known: { holder: { of: 'knownHolder' }, at: 'ignored' },
  // Whom a candidate knows decides by the id alone; when to ask next is in the state by then.
  knownHolder: { id: 'id', name: 'ignored', data: 'ignored', token: 'ignored', expiresIn: 'ignored' },
  holder: { id: 'id', name: 'plain', data: 'plain', token: 'token', expiresIn: 'plain' },
  notices: {
    isSubscribed: 'plain',
    rateLimitedUntil: 'own',
    isRateLimited: 'plain',
    isRunInDoubt: 'plain',
    deferred: { of: 'notice' },
    rivalToken: 'token',
  },
  term: { id: 'id', token: 'token', run: 'plain', deadline: 'own' },
  awaitingSuccessor: { to: 'id', until: 'own' },
  sent: { request: { of: 'request' }, at: 'own' },
  request: {
    verb: 'plain',
    key: 'ignored', // the same for all
    timeout: 'plain',
    id: 'id',
    ttl: 'ignored', // the same for all
    name: 'ignored', // the same for all
    data: 'ignored',
    lastToken: 'token',
    notAfter: 'store',
    coldStart: 'plain',
    watched: { of: 'watched' },
    hears: 'plain',
    token: 'token',
    run: 'plain',
    asksRun: 'plain',
    successor: 'id',
    quiet: 'plain',
    absent: 'id',
  },
  watched: { until: 'store', time: 'store', age: 'age' },
  notice: { kind: 'plain', holder: { of: 'holder' }, id: 'id', successor: 'id' },
  reply: {
    status: 'plain',
    time: 'store',
    token: 'token',
    until: 'store',
    run: 'plain',
    holder: { of: 'holder' },
    cut: 'plain',
    wait: 'plain',
    told: 'id',
    candidates: 'ignored',
  },
  entry: { lease: { of: 'lease' }, record: { of: 'record' }, candidates: { of: 'candidates' } },
  lease: { id: 'id', expiresAt: 'store' },
  record: {
    token: 'token',
    id: 'id',
    name: 'ignored',
    data: 'ignored',
    run: 'plain',
    until: 'store',
    at: 'store',
    peak: 'store',
  },
  candidates: { list: { each: 'standing' }, expiresAt: 'store' },
  standing: { id: 'id', name: 'ignored', data: 'ignored', lastSeen: 'store', hears: 'plain' },
};
