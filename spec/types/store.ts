// Compiled by `npm run types`, never run. Code that must not compile has a @ts-expect-error, which
// fails if it compiles.

import { type ObservableInput, of } from 'rxjs';
import type {
  ColdStart,
  LeaseReply,
  LeaseRequest,
  LeaseStore,
  LeaseVerb,
  ReplyTo,
  RequestOf,
} from '../../lib/port/index.js';
import type { Equal, Holds } from './equal.js';

/** Promises are accepted, and notices are optional. */
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
  // @ts-expect-error: a release reports no holder
  release: async () => ({ status: 'held', holder: { id: 'x', expiresIn: 5 } }),
  // @ts-expect-error: a holder has an expiry
  read: async () => ({ status: 'held', holder: { id: 'x' } }),
  // @ts-expect-error: there is no such notice
  notices: () => of({ kind: 'disconnected' }),
};

export type Verbs = Holds<Equal<LeaseVerb, 'acquire' | 'renew' | 'release' | 'read' | 'withdraw' | 'list'>>;
export type Requests = Holds<Equal<LeaseRequest['verb'], LeaseVerb>>;
export type Acquires = Holds<Equal<RequestOf<'acquire'>['verb'], 'acquire'>>;
export type Statuses = [
  Holds<Equal<ReplyTo<'acquire'>['status'], 'granted' | 'held' | 'suspect' | 'late'>>,
  Holds<Equal<ReplyTo<'renew'>['status'], 'renewed' | 'lost' | 'late'>>,
  Holds<Equal<ReplyTo<'release'>['status'], 'released' | 'gone'>>,
  Holds<Equal<ReplyTo<'read'>['status'], 'held' | 'free'>>,
  Holds<Equal<ReplyTo<'withdraw'>['status'], 'withdrawn'>>,
  Holds<Equal<ReplyTo<'list'>['status'], 'listed'>>,
  Holds<Equal<ColdStart, 'elect' | 'wait'>>,
];

/** The request and the reply of each method of a store, by its verb. */
export const methods = (
  store: Required<LeaseStore>,
): { readonly [Verb in LeaseVerb]: (request: RequestOf<Verb>) => ObservableInput<ReplyTo<Verb>> } => store;

export const answersBySwitch = (reply: LeaseReply): boolean => reply.status === 'granted';
