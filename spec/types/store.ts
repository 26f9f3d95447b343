// Compiled by `npm run types`, never run: what must not compile stands under @ts-expect-error, which fails where it does.
import { of } from 'rxjs';
import type {
  AcquireReply,
  AcquireRequest,
  ColdStart,
  LeaseReply,
  LeaseRequest,
  LeaseStore,
  ReadReply,
  ReadRequest,
  ReleaseReply,
  ReleaseRequest,
  RenewReply,
  RenewRequest,
} from '../../lib/index.js';
import type { Equal, Holds } from './equal.js';

/** Promises will do, and notices are optional. */
export const byPromises: LeaseStore = {
  acquire: async ({ id, lastToken }) =>
    id === 'me' ? { status: 'granted', token: lastToken + 1 } : { status: 'held', holder: { id, expiresIn: 5 } },
  renew: async () => ({ status: 'renewed' }),
  release: async () => ({ status: 'released' }),
  read: async () => ({ status: 'free' }),
};

export const byObservables: LeaseStore = {
  ...byPromises,
  read: () => of({ status: 'free' }),
  notices: () => of({ kind: 'connected' }),
};

export const wrong: LeaseStore = {
  ...byPromises,
  // @ts-expect-error: a grant has a token
  acquire: async () => ({ status: 'granted' }),
  // @ts-expect-error: a renewal grants nothing
  renew: async () => ({ status: 'granted', token: 1 }),
  // @ts-expect-error: a release tells no holder
  release: async () => ({ status: 'held', holder: { id: 'x', expiresIn: 5 } }),
  // @ts-expect-error: whoever holds a lease holds it for some time
  read: async () => ({ status: 'held', holder: { id: 'x' } }),
  // @ts-expect-error: there is no such notice
  notices: () => of({ kind: 'disconnected' }),
};

export type Requests = Holds<Equal<LeaseRequest, AcquireRequest | RenewRequest | ReleaseRequest | ReadRequest>>;
export type Replies = Holds<Equal<LeaseReply, AcquireReply | RenewReply | ReleaseReply | ReadReply>>;
export type Verbs = Holds<Equal<LeaseRequest['verb'], 'acquire' | 'renew' | 'release' | 'read'>>;
export type Statuses = [
  Holds<Equal<AcquireReply['status'], 'granted' | 'held' | 'suspect' | 'late'>>,
  Holds<Equal<RenewReply['status'], 'renewed' | 'lost' | 'late'>>,
  Holds<Equal<ReleaseReply['status'], 'released' | 'gone'>>,
  Holds<Equal<ReadReply['status'], 'held' | 'free'>>,
  Holds<Equal<ColdStart, 'elect' | 'wait'>>,
];
