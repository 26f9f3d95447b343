import { describe, expect, it } from '@jest/globals';
import { asyncScheduler, EMPTY, lastValueFrom, NEVER, type ObservableInput, of, throwError } from 'rxjs';
import { ElectionError, isElectionError } from '../../lib/port/errors.js';
import type { LeaseReply, LeaseRequest, LeaseStore } from '../../lib/port/lease-store.js';
import { sendRequest } from '../../lib/stream/request.js';
import { virtually } from '../support/virtual-time.js';

const REQUESTS = {
  acquire: {
    verb: 'acquire',
    key: 'k',
    timeout: 100,
    id: 'me/1',
    ttl: 1,
    name: 'me',
    lastToken: 0,
    coldStart: 'elect',
  },
  renew: { verb: 'renew', key: 'k', timeout: 100, id: 'me/1', ttl: 1, name: 'me', token: 7 },
  release: { verb: 'release', key: 'k', timeout: 100, id: 'me/1' },
  read: { verb: 'read', key: 'k', timeout: 100 },
} as const satisfies Record<string, LeaseRequest>;

type Verb = keyof typeof REQUESTS;

/** A store that answers each request with the result of `answer`. */
function storeOf(answer: (request: LeaseRequest) => unknown): LeaseStore {
  const method = (verb: Verb) => (request: LeaseRequest) => {
    expect(request.verb).toBe(verb);
    return answer(request) as ObservableInput<never>;
  };
  return { acquire: method('acquire'), renew: method('renew'), release: method('release'), read: method('read') };
}

const answerTo = (verb: Verb, answer: () => unknown): Promise<LeaseReply> =>
  lastValueFrom(sendRequest(storeOf(answer), REQUESTS[verb], asyncScheduler));

const failureOf = async (verb: Verb, answer: () => unknown): Promise<ElectionError> => {
  const error = await answerTo(verb, answer).then(
    (reply) => new Error(`unexpected reply: ${JSON.stringify(reply)}`),
    (reason: unknown) => reason,
  );
  if (!isElectionError(error)) throw error;
  return error;
};

const holder = { id: 'rival/1', expiresIn: 5 };

describe('sendRequest', () => {
  it('sends nothing before it is subscribed', () => {
    let requests = 0;
    const store = storeOf(() => {
      requests += 1;
      return of({ status: 'free' });
    });
    const request = sendRequest(store, REQUESTS.read, asyncScheduler);
    expect(requests).toBe(0);
    request.subscribe();
    expect(requests).toBe(1);
  });

  it.each<[Verb, LeaseReply]>([
    ['acquire', { status: 'granted', token: 7 }],
    ['acquire', { status: 'held', holder }],
    ['acquire', { status: 'suspect', wait: 9 }],
    ['acquire', { status: 'late' }],
    ['renew', { status: 'renewed' }],
    ['renew', { status: 'lost' }],
    ['renew', { status: 'lost', holder }],
    ['renew', { status: 'late' }],
    ['release', { status: 'released' }],
    ['release', { status: 'gone' }],
    ['read', { status: 'held', holder }],
    ['read', { status: 'free' }],
  ])('emits a reply to %s: %j', async (verb, reply) => {
    expect(await answerTo(verb, () => of(reply))).toBe(reply);
  });

  it('accepts promises and any other observable input', async () => {
    expect(await answerTo('read', async () => ({ status: 'free' }))).toEqual({ status: 'free' });
    expect(await answerTo('read', () => [{ status: 'free' }])).toEqual({ status: 'free' });
  });

  it('emits one reply and unsubscribes from the store', () => {
    virtually(({ cold, expectObservable, expectSubscriptions }) => {
      const answers = cold('  --f--f|', { f: { status: 'free' } });
      const expected = '      --(f|)';
      const subscribed = '    ^-!';
      const replies = sendRequest(
        storeOf(() => answers),
        REQUESTS.read,
        asyncScheduler,
      );
      expectObservable(replies).toBe(expected, { f: { status: 'free' } });
      expectSubscriptions(answers.subscriptions).toBe(subscribed);
    });
  });

  it('fails with STORE_TIMEOUT after timeout, and unsubscribes from the store', () => {
    virtually(({ cold, expectObservable, expectSubscriptions }) => {
      const answers = cold('  101ms (f|)', { f: { status: 'free' } });
      const expected = '      100ms #';
      const subscribed = '    ^ 99ms !';
      const replies = sendRequest(
        storeOf(() => answers),
        REQUESTS.read,
        asyncScheduler,
      );
      const error = new ElectionError('STORE_TIMEOUT', 'No answer to read of "k" within 100 ms');
      expectObservable(replies).toBe(expected, {}, error);
      expectSubscriptions(answers.subscriptions).toBe(subscribed);
    });
  });

  it('unsubscribes from the store when it is unsubscribed', () => {
    virtually(({ cold, expectObservable, expectSubscriptions }) => {
      const answers = cold('  50ms (f|)');
      const subscribe = '     ^ 19ms !';
      const expected = '      20ms -';
      expectObservable(
        sendRequest(
          storeOf(() => answers),
          REQUESTS.read,
          asyncScheduler,
        ),
        subscribe,
      ).toBe(expected);
      expectSubscriptions(answers.subscriptions).toBe(subscribe);
    });
  });

  it.each<[string, () => unknown]>([
    [
      'a reply',
      () => ({
        get status(): string {
          throw new TypeError('a reply with a bug');
        },
      }),
    ],
    [
      'a holder',
      () => ({
        status: 'held',
        get holder(): object {
          throw new TypeError('a reply with a bug');
        },
      }),
    ],
  ])('fails with STORE_REPLY if reading %s throws', async (_, reply) => {
    expect(await failureOf('acquire', () => of(reply()))).toMatchObject({
      code: 'STORE_REPLY',
      cause: new TypeError('a reply with a bug'),
    });
  });

  it('passes on an ElectionError of the store', async () => {
    const error = new ElectionError('STORE_FULL', 'scripted');
    expect(await failureOf('acquire', () => throwError(() => error))).toBe(error);
  });

  it.each<[string, () => unknown]>([
    ['fails with another error', () => throwError(() => new TypeError('a store with a bug'))],
    ['rejects', () => Promise.reject(new TypeError('a store with a bug'))],
    [
      'throws',
      () => {
        throw new TypeError('a store with a bug');
      },
    ],
  ])('fails with STORE_REPLY and the cause if the store %s', async (_, answer) => {
    const error = await failureOf('acquire', answer);
    expect(error).toMatchObject({ code: 'STORE_REPLY', cause: new TypeError('a store with a bug') });
    expect(error.message).toBe('acquire of "k" failed: a store with a bug');
  });

  it.each<[string, unknown]>([
    ['completes without a reply', EMPTY],
    ['returns nothing that can be subscribed to', undefined],
    ['rejects with a value that is not an error', Promise.reject('out of order')],
  ])('fails with STORE_REPLY if the store %s', async (_, answer) => {
    expect(await failureOf('release', () => answer)).toMatchObject({ code: 'STORE_REPLY' });
  });

  it.each<[Verb, unknown]>([
    ['acquire', { status: 'renewed' }],
    ['acquire', { status: 'granted' }],
    ['acquire', { status: 'granted', token: 2 ** 53 }],
    ['acquire', { status: 'granted', token: '7' }],
    ['acquire', { status: 'suspect' }],
    ['acquire', { status: 'held' }],
    ['acquire', { status: 'held', holder: { id: 'rival/1' } }],
    ['acquire', { status: 'held', holder: { expiresIn: 5 } }],
    ['renew', { status: 'granted', token: 7 }],
    ['renew', { status: 'lost', holder: { id: 7, expiresIn: 5 } }],
    ['release', { status: 'free' }],
    ['read', { status: 'held', holder: { id: 'rival/1', expiresIn: Number.NaN } }],
    ['read', { status: 'released' }],
    ['read', { status: 'free', time: '5' }],
    ['read', { status: 'free', until: Number.NaN }],
    ['read', { status: 'free', token: null }],
    ['acquire', { status: 'held', holder, cut: '5' }],
    ['acquire', { status: 'late', token: '7' }],
    ['read', {}],
    ['read', null],
    ['read', undefined],
  ])('fails with STORE_REPLY if the reply to %s is %j', async (verb, reply) => {
    const error = await failureOf(verb, () => of(reply));
    expect(error.code).toBe('STORE_REPLY');
    expect(error.message).toMatch(new RegExp(`^${verb} of "k" got a reply that makes no sense: `));
  });

  it('does not settle by itself before timeout', () => {
    virtually(({ expectObservable }) => {
      expectObservable(
        sendRequest(
          storeOf(() => NEVER),
          REQUESTS.renew,
          asyncScheduler,
        ),
        '^ 98ms !',
      ).toBe('');
    });
  });
});
