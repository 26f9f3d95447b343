import { catchError, defer, map, type Observable, of, repeat, tap, throwError } from 'rxjs';
import type { LeaseStore } from '../../lib/index.js';
import type { LeaseReply, LeaseRequest } from '../../lib/port/lease-store.js';
import type { MemoryLeaseStore } from '../../lib/testing/index.js';

type Verb = LeaseRequest['verb'];
type Ask = (request: never) => Observable<LeaseReply>;

/** A sound store with one thing wrong about it. */
export type Defect = (store: MemoryLeaseStore) => Partial<LeaseStore>;

const ask = (store: MemoryLeaseStore, verb: Verb): Ask => store[verb].bind(store) as unknown as Ask;

/** Other requests than those that were made. */
const asking =
  (change: (request: Record<string, unknown>) => Record<string, unknown>, ...verbs: Verb[]): Defect =>
  (store) =>
    Object.fromEntries(
      verbs.map((verb) => [verb, (request: never) => ask(store, verb)(change(request) as never)]),
    ) as unknown as LeaseStore;

/** Other replies than those that were given; of `verbs`, or of all. */
const answering =
  (change: (reply: LeaseReply, request: LeaseRequest) => unknown, ...verbs: Verb[]): Defect =>
  (store) =>
    Object.fromEntries(
      (verbs.length ? verbs : (['acquire', 'renew', 'release', 'read'] as const)).map((verb) => [
        verb,
        (request: never) => ask(store, verb)(request).pipe(map((reply) => change(reply, request))),
      ]),
    ) as unknown as LeaseStore;

/** Something else done before the request. */
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

/** Lets the present lease last. */
function extend(store: MemoryLeaseStore, { key }: LeaseRequest): void {
  const lease = store.lease(key);
  if (lease) store.put(key, lease.id, 60_000);
}

const halved = (request: Record<string, unknown>) => ({ ...request, ttl: Math.max(1, Number(request.ttl) / 2) });

/** What a store can get wrong, by what it then does. */
export const defects: Readonly<Record<string, Defect>> = {
  'grants a lease that is held': before((store, { key }) => store.evict(key, 'lease'), 'acquire'),
  'never grants': answering((reply) => ({ ...reply, status: 'suspect', wait: 1 }), 'acquire'),
  'answers twice': (store) => ({ read: (request) => store.read(request).pipe(repeat(2)) }),
  'tells a token as text': answering((reply) => ({ ...reply, token: String(reply.token) })),
  'hides the holder’s name': answering(holderWith(({ name: _, ...holder }) => holder)),
  'hides the holder’s data': answering(holderWith(({ data: _, ...holder }) => holder)),
  'makes data up': answering(holderWith((holder) => ({ data: '', ...holder }))),
  'hides the holder from a loser': answering((reply) => ({ ...reply, holder: undefined }), 'renew'),
  'counts in seconds': answering(holderWith((holder) => ({ ...holder, expiresIn: Number(holder.expiresIn) / 1000 }))),
  'tells the time in seconds': answering((reply) => ({ ...reply, time: (reply.time ?? 0) / 1000 })),
  'takes every key for the same': asking(
    (request) => ({ ...request, key: 'one' }),
    'acquire',
    'renew',
    'release',
    'read',
  ),
  'mangles names': asking((request) => ({ ...request, name: encodeURI(String(request.name)) }), 'acquire'),
  'forgets to write the new name': asking((request) => ({ ...request, name: 'the first' }), 'renew'),
  'makes a new token of a repeated grant': (store) => {
    let grants = 0;
    return answering((reply) => ({ ...reply, token: (reply.token ?? 0) + ++grants }), 'acquire')(store);
  },
  'makes the same token for every term': answering((reply) => ({ ...reply, token: 1 }), 'acquire'),
  'forgets the token a candidate has seen': asking((request) => ({ ...request, lastToken: 0 }), 'acquire'),
  'renews for anyone': (store) => ({
    renew: (request) => store.renew({ ...request, id: store.lease(request.key)?.id ?? request.id }),
  }),
  'renews for nobody': (store) => ({ renew: (request) => store.renew({ ...request, id: 'nobody' }) }),
  'releases for anyone': (store) => ({
    release: (request) => store.release({ ...request, id: store.lease(request.key)?.id ?? request.id }),
  }),
  'releases nothing': (store) => ({ release: ({ key }) => of({ status: 'released', time: store.time, key } as const) }),
  'holds the lease a while after a release': (store) => ({
    release: (request) =>
      store.release(request).pipe(tap(({ status }) => status === 'released' && store.put(request.key, 'ghost', 50))),
  }),
  'lets a released term go on': before((store, { key }) => !store.lease(key) && store.evict(key, 'record'), 'renew'),
  'extends the lease by reading': before(extend, 'read'),
  'extends the lease by what others ask': before(extend, 'release'),
  'keeps leases for ever': asking((request) => ({ ...request, ttl: 1e9 }), 'acquire', 'renew'),
  'keeps leases for half their time': asking(halved, 'acquire', 'renew'),
  'extends no lease by renewing': (store) => ({
    renew: (request) => store.renew({ ...request, ttl: store.lease(request.key)?.expiresIn ?? request.ttl }),
  }),
  'extends no lease by a repeated grant': (store) => ({
    acquire: (request) => {
      const lease = store.lease(request.key);
      return store.acquire({ ...request, ttl: lease?.id === request.id ? lease.expiresIn : request.ttl });
    },
  }),
  'ignores that a request is late': asking(({ notAfter: _, ...request }) => request, 'acquire', 'renew'),
  'takes every request for late': (store) => ({
    acquire: (request) => store.acquire({ ...request, ...(request.notAfter && { notAfter: 0 }) }),
  }),
  'frees a lease that it lost': before((store, { key }) => !store.lease(key) && store.evict(key, 'record'), 'acquire'),
  'keeps a lost lease for ever': answering((reply) => (reply.status === 'suspect' ? { ...reply, wait: 1e9 } : reply)),
  'puts no lease back': (store) => ({
    renew: (request) => (store.lease(request.key) ? store.renew(request) : of({ status: 'lost' } as const)),
  }),
  'puts a lost lease back under a new token': asking((request) => ({ ...request, token: 2 ** 52 }), 'renew'),
  'does not write down the release of a lost lease': (store) => ({
    release: (request) => (store.lease(request.key) ? store.release(request) : of({ status: 'gone' } as const)),
  }),
  'takes every emptied store for a loss': asking((request) => ({ ...request, coldStart: 'wait' }), 'acquire'),
  'takes no emptied store for a loss': asking((request) => ({ ...request, coldStart: 'elect' }), 'acquire'),
  'tells the last term’s name of a holder that wrote none': answering(
    holderWith((holder) => ({ name: 'x', ...holder })),
  ),
  'overwrites what never runs out': before(
    (store, { key }) => store.lease(key)?.expiresIn === Number.POSITIVE_INFINITY && store.evict(key, 'lease'),
    'acquire',
  ),
  'fails at what never runs out with an error of its own': (store) => ({
    acquire: (request) => store.acquire(request).pipe(catchError(() => throwError(() => new Error('no lease')))),
  }),
};
