import { AsyncLocalStorage } from 'node:async_hooks';
import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { finalize, NEVER, Observable, Subject } from 'rxjs';
import { elect } from '../../lib/election/elect.js';
import type { Election } from '../../lib/election/election.js';
import { observe } from '../../lib/election/observe.js';
import { whileLeader } from '../../lib/election/while-leader.js';
import type { WorkResult } from '../../lib/election/work-result.js';
import type { LeaseStore } from '../../lib/port/lease-store.js';
import type { Transition } from '../../lib/stream/transition.js';
import { candidate, pass, useFakeTime } from '../support/fake-time.js';
import { granted, ScriptedStore } from '../support/scripted-store.js';
import { TIMES } from '../support/virtual-time.js';

useFakeTime();

const tenants = new AsyncLocalStorage<string>();

/** Records events together with their async context. */
function recorder() {
  const lines: string[] = [];
  const record = (what: string) => void lines.push(`${what} of ${tenants.getStore() ?? 'nobody'}`);
  return { lines, record };
}

/** A candidate that is granted the lease when `grant` is called, in the context of that call. */
function granting() {
  const grants = new Subject<void>();
  const answer = () =>
    new Observable<{ status: 'granted'; token: number }>((subscriber) =>
      grants.subscribe(() => subscriber.next({ status: 'granted', token: 7 })),
    );
  const { store, election } = candidate({ acquire: [answer] });
  return { store, election, grant: (tenant: string) => tenants.run(tenant, () => grants.next()) };
}

const close = (election: Election) =>
  tenants.run('closer', () => Promise.all([election.close(), pass(TIMES.drain * 2)]));

describe('the async context', () => {
  it('of each subscriber is its own, whoever caused the call', async () => {
    const { election, grant } = granting();
    const { lines, record } = recorder();
    const observer = (name: string) => ({
      next: ({ role }: Transition) => record(`${name} ${role}`),
      complete: () => record(`${name} complete`),
    });
    tenants.run('a', () => election.subscribe(observer('first')));
    tenants.run('b', () => election.subscribe(observer('second')));
    await pass(1);
    grant('other');
    tenants.run('c', () => election.subscribe(observer('late')));
    await close(election);
    const names = ['first %s of a', 'second %s of b', 'late %s of c'];
    const told = ['leader', 'follower', 'complete'].flatMap((what) => names.map((name) => name.replace('%s', what)));
    expect(lines).toEqual(told);
  });

  it.each<[string, (record: (what: string) => void) => WorkResult]>([
    ['a cleanup function', (record) => () => record('end')],
    ['a promise of a cleanup function', (record) => Promise.resolve(() => record('end'))],
    [
      'an async generator',
      async function* (record) {
        try {
          yield 1;
          await pass(1);
          yield 2;
          await new Promise((resolve) => setTimeout(resolve, 10));
          yield 3;
        } finally {
          record('end');
        }
      },
    ],
    ['an Observable', (record) => NEVER.pipe(finalize(() => record('end')))],
  ])('of work that returns %s is that of the subscription, its end included', async (_, work) => {
    const { lines, record } = recorder();
    const { election, grant } = granting();
    const project = () => {
      record('work');
      return work(record);
    };
    tenants.run('a', () => election.pipe(whileLeader<WorkResult>(project)).subscribe());
    await pass(1);
    grant('other');
    await pass(2);
    await close(election);
    expect(lines).toEqual(['work of a', 'end of a']);
  });

  it('of work that is unsubscribed elsewhere is also its own', async () => {
    const { lines, record } = recorder();
    const { election, grant } = granting();
    const works: WorkResult[] = [() => record('cleanup'), NEVER.pipe(finalize(() => record('finalize')))];
    const subscriptions = works.map((work) =>
      tenants.run('a', () => election.pipe(whileLeader<WorkResult>(() => work)).subscribe()),
    );
    await pass(1);
    grant('other');
    tenants.run('closer', () => {
      for (const subscription of subscriptions) subscription.unsubscribe();
    });
    await pass(TIMES.drain);
    expect(lines).toEqual(['cleanup of a', 'finalize of a']);
  });

  it('of work is also its own behind an operator that calls from another context', async () => {
    const { lines, record } = recorder();
    const transitions = new Subject<Transition>();
    const { election, grant } = granting();
    election.subscribe((transition) => tenants.run('operator', () => transitions.next(transition)));
    tenants.run('a', () => transitions.pipe(whileLeader(() => record('work'))).subscribe());
    await pass(1);
    grant('other');
    await close(election);
    expect(lines).toEqual(['work of a']);
  });

  it('of a signal’s listener is the one in which it was added', async () => {
    const { lines, record } = recorder();
    const { election, grant } = granting();
    for (const tenant of ['a', 'b']) {
      tenants.run(tenant, () =>
        election.subscribe((transition) => {
          if (transition.role !== 'leader') return;
          const { signal } = transition.term;
          signal.addEventListener('abort', () => record('function'));
          signal.addEventListener('abort', { handleEvent: ({ type }: Event) => record(`object ${type}`) });
        }),
      );
    }
    await pass(1);
    grant('other');
    const { signal } = election.term ?? {};
    tenants.run('c', () => {
      if (signal) signal.onabort = () => record('onabort');
    });
    await close(election);
    const told = ['function of a', 'object abort of a', 'function of b', 'object abort of b', 'onabort of c'];
    expect(lines).toEqual(told);
  });

  it('of listeners of a derived signal is the one in which the signal was first read', async () => {
    const { lines, record } = recorder();
    const { election, grant } = granting();
    tenants.run('a', () =>
      election.subscribe((transition) => {
        if (transition.role === 'leader')
          AbortSignal.any([transition.term.signal]).addEventListener('abort', () => record('derived'));
      }),
    );
    await pass(1);
    grant('other');
    await close(election);
    expect(lines).toEqual(['derived of a']);
  });

  it('of a thenable given to waitUntil is that of the call', async () => {
    const { lines, record } = recorder();
    const { election, grant } = granting();
    const thenable = {
      // biome-ignore lint/suspicious/noThenProperty: the test needs a thenable
      then(resolve: () => void) {
        record('then');
        resolve();
      },
    } as PromiseLike<void>;
    tenants.run('a', () =>
      election.subscribe((transition) => {
        if (transition.role === 'leader') transition.term.waitUntil(thenable);
      }),
    );
    await pass(1);
    grant('other');
    await close(election);
    expect(lines).toEqual(['then of a']);
  });

  it('of a subscriber of leaders is its own', async () => {
    const { lines, record } = recorder();
    const { election, grant } = granting();
    const holders = {
      next: (holder?: { name?: string }) => record(`${holder?.name}`),
      complete: () => record('complete'),
    };
    for (const tenant of ['a', 'b']) tenants.run(tenant, () => election.leaders.subscribe(holders));
    election.subscribe();
    await pass(1);
    grant('other');
    await close(election);
    const told = ['me', 'undefined', 'complete'].flatMap((what) => [`${what} of a`, `${what} of b`]);
    expect(lines).toEqual(['undefined of a', 'undefined of b', ...told]);
  });

  it('of a for await loop is its own', async () => {
    const { lines, record } = recorder();
    const { election, grant } = granting();
    const loop = tenants.run('a', async () => {
      for await (const { role } of election) record(role);
      record('over');
    });
    await pass(1);
    grant('other');
    await close(election);
    await loop;
    expect(lines).toEqual(['leader of a', 'follower of a', 'over of a']);
  });

  it.each(['next', 'error'] as const)('of an observer is its own (%s)', async (kind) => {
    const { lines, record } = recorder();
    const replies = new Subject<{ status: 'free' }>();
    const store = Object.assign(new ScriptedStore(), { read: () => replies }) as LeaseStore;
    const observer = { next: () => record('next'), error: () => record('error') };
    const subscription = tenants.run('a', () => observe({ store, key: 'k' }).subscribe(observer));
    await pass(1);
    tenants.run('other', () => (kind === 'next' ? replies.next({ status: 'free' }) : replies.error(new Error('bug'))));
    expect(lines).toEqual([`${kind} of a`]);
    subscription.unsubscribe();
    await pass(10);
  });
});

describe('a signal whose listeners keep their context', () => {
  const signalOf = async () => {
    const election = elect({ store: new ScriptedStore({ acquire: [granted(1)] }), key: 'k', ...TIMES });
    election.subscribe();
    await pass(1);
    return { election, signal: election.term?.signal as AbortSignal };
  };

  it('adds a listener once, calls it with the event and its target, and releases it', async () => {
    const { election, signal } = await signalOf();
    const calls: unknown[] = [];
    function listener(this: unknown, event: Event) {
      calls.push([this === signal, event.type, event.target === signal]);
    }
    const removed = () => calls.push('removed');
    for (const each of [listener, listener, removed]) signal.addEventListener('abort', each, { once: true });
    expect(getEventListeners(signal, 'abort')).toHaveLength(2);
    signal.removeEventListener('abort', removed);
    signal.removeEventListener('abort', () => {}); // never added
    await close(election);
    expect(calls).toEqual([[true, 'abort', true]]);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('exposes no more than any other signal', async () => {
    const { election, signal } = await signalOf();
    expect([Object.keys(signal), signal instanceof AbortSignal]).toEqual([[], true]);
    await close(election);
  });
});
