import { catchError, defer, map, type Observable, of, repeat, tap, throwError } from 'rxjs';
import type { LeaseStore } from '../../lib/index.js';
import type { LeaseReply, LeaseRequest } from '../../lib/port/lease-store.js';
import type { MemoryLeaseStore } from '../../lib/testing/index.js';

type Verb = LeaseRequest['verb'];
type Ask = (request: never) => Observable<LeaseReply>;

/** Adds one defect to a correct store. */
export type Defect = (store: MemoryLeaseStore) => Partial<LeaseStore>;

const ask = (store: MemoryLeaseStore, verb: Verb): Ask => store[verb].bind(store) as unknown as Ask;

/** Changes the requests. */
const asking =
  (change: (request: Record<string, unknown>) => Record<string, unknown>, ...verbs: Verb[]): Defect =>
  (store) =>
    Object.fromEntries(
      verbs.map((verb) => [verb, (request: never) => ask(store, verb)(change(request) as never)]),
    ) as unknown as LeaseStore;

/** Changes the replies of `verbs`, or of all verbs. */
const answering =
  (change: (reply: LeaseReply, request: LeaseRequest) => unknown, ...verbs: Verb[]): Defect =>
  (store) =>
    Object.fromEntries(
      (verbs.length ? verbs : (['acquire', 'renew', 'release', 'read'] as const)).map((verb) => [
        verb,
        (request: never) => ask(store, verb)(request).pipe(map((reply) => change(reply, request))),
      ]),
    ) as unknown as LeaseStore;

/** Runs an action before the request. */
const before =
  (act: (store: MemoryLeaseStore, request: LeaseRequest) => void, ...verbs: Verb[]): Defect =>
  (store) =>
    Object.fromEntries(
      verbs.map((verb) => [
        verb,
        (request: never) =>
          defer(() => {
            act(store, request);
            return ask(store, verb)(request);
          }),
      ]),
    ) as unknown as LeaseStore;

const holderWith = (change: (holder: Record<string, unknown>) => unknown) => (reply: LeaseReply) =>
  'holder' in reply && reply.holder ? { ...reply, holder: change({ ...reply.holder }) } : reply;

/** Extends the current lease. */
function extend(store: MemoryLeaseStore, { key }: LeaseRequest): void {
  const lease = store.lease(key);
  if (lease) store.put(key, lease.id, 60_000);
}

const halved = (request: Record<string, unknown>) => ({ ...request, ttl: Math.max(1, Number(request.ttl) / 2) });

/** The defects that a store can have, by their effect. */
export const defects: Readonly<Record<string, Defect>> = {
  'grants a lease that is held': before((store, { key }) => store.evict(key, 'lease'), 'acquire'),
  'never grants': answering((reply) => ({ ...reply, status: 'suspect', wait: 1 }), 'acquire'),
  'answers twice': (store) => ({ read: (request) => store.read(request).pipe(repeat(2)) }),
  'returns a token as text': answering((reply) => ({ ...reply, token: String(reply.token) })),
  'hides the holder’s name': answering(holderWith(({ name: _, ...holder }) => holder)),
  'hides the holder’s data': answering(holderWith(({ data: _, ...holder }) => holder)),
  'invents data': answering(holderWith((holder) => ({ data: '', ...holder }))),
  'hides the holder from a loser': answering((reply) => ({ ...reply, holder: undefined }), 'renew'),
  'returns expiresIn in seconds': answering(
    holderWith((holder) => ({ ...holder, expiresIn: Number(holder.expiresIn) / 1000 })),
  ),
  'returns the time in seconds': answering((reply) => ({ ...reply, time: (reply.time ?? 0) / 1000 })),
  'treats all keys as one': asking((request) => ({ ...request, key: 'one' }), 'acquire', 'renew', 'release', 'read'),
  'mangles names': asking((request) => ({ ...request, name: encodeURI(String(request.name)) }), 'acquire'),
  'forgets to write the new name': asking((request) => ({ ...request, name: 'the first' }), 'renew'),
  'returns a new token for a repeated grant': (store) => {
    let grants = 0;
    return answering((reply) => ({ ...reply, token: (reply.token ?? 0) + ++grants }), 'acquire')(store);
  },
  'returns the same token for every term': answering((reply) => ({ ...reply, token: 1 }), 'acquire'),
  'forgets the token a candidate has seen': asking((request) => ({ ...request, lastToken: 0 }), 'acquire'),
  'renews for anyone': (store) => ({
    renew: (request) => store.renew({ ...request, id: store.lease(request.key)?.id ?? request.id }),
  }),
  'renews for nobody': (store) => ({ renew: (request) => store.renew({ ...request, id: 'nobody' }) }),
  'releases for anyone': (store) => ({
    release: (request) => store.release({ ...request, id: store.lease(request.key)?.id ?? request.id }),
  }),
  'releases nothing': (store) => ({ release: ({ key }) => of({ status: 'released', time: store.time, key } as const) }),
  'holds the lease for a while after a release': (store) => ({
    release: (request) =>
      store.release(request).pipe(tap(({ status }) => status === 'released' && store.put(request.key, 'ghost', 50))),
  }),
  'renews a released term': before((store, { key }) => !store.lease(key) && store.evict(key, 'record'), 'renew'),
  'extends the lease on a read': before(extend, 'read'),
  'extends the lease on requests of others': before(extend, 'release'),
  'never expires a lease': asking((request) => ({ ...request, ttl: 1e9 }), 'acquire', 'renew'),
  'keeps leases for half their time': asking(halved, 'acquire', 'renew'),
  'extends no lease on a renewal': (store) => ({
    renew: (request) => store.renew({ ...request, ttl: store.lease(request.key)?.expiresIn ?? request.ttl }),
  }),
  'extends no lease on a repeated grant': (store) => ({
    acquire: (request) => {
      const lease = store.lease(request.key);
      return store.acquire({ ...request, ttl: lease?.id === request.id ? lease.expiresIn : request.ttl });
    },
  }),
  'ignores notAfter': asking(({ notAfter: _, ...request }) => request, 'acquire', 'renew'),
  'treats every request as late': (store) => ({
    acquire: (request) => store.acquire({ ...request, ...(request.notAfter && { notAfter: 0 }) }),
  }),
  'frees a lease that it lost': before((store, { key }) => !store.lease(key) && store.evict(key, 'record'), 'acquire'),
  'never frees a lost lease': answering((reply) => (reply.status === 'suspect' ? { ...reply, wait: 1e9 } : reply)),
  'never restores a lease': (store) => ({
    renew: (request) => (store.lease(request.key) ? store.renew(request) : of({ status: 'lost' } as const)),
  }),
  'restores a lost lease under a new token': asking((request) => ({ ...request, token: 2 ** 52 }), 'renew'),
  'does not record the release of a lost lease': (store) => ({
    release: (request) => (store.lease(request.key) ? store.release(request) : of({ status: 'gone' } as const)),
  }),
  'treats every emptied store as a loss': asking((request) => ({ ...request, coldStart: 'wait' }), 'acquire'),
  'treats no emptied store as a loss': asking((request) => ({ ...request, coldStart: 'elect' }), 'acquire'),
  'returns the last term’s name for a holder without a record': answering(
    holderWith((holder) => ({ name: 'x', ...holder })),
  ),
  'overwrites a value without an expiry': before(
    (store, { key }) => store.lease(key)?.expiresIn === Number.POSITIVE_INFINITY && store.evict(key, 'lease'),
    'acquire',
  ),
  'fails at a value without an expiry with a foreign error': (store) => ({
    acquire: (request) => store.acquire(request).pipe(catchError(() => throwError(() => new Error('no lease')))),
  }),
};
