import { describe, expect, it } from '@jest/globals';
import { NEVER } from 'rxjs';
import type { Election } from '../../lib/election/election.js';
import { whileLeader } from '../../lib/election/while-leader.js';
import type { WorkResult } from '../../lib/election/work-result.js';
import type { Term } from '../../lib/stream/transition.js';
import { candidate, pass, useFakeTime, work } from '../support/fake-time.js';
import { silence } from '../support/scripted-store.js';
import { LIFETIME } from '../support/virtual-time.js';

useFakeTime();

/** Runs `project` under `election` and records the output. */
function run(election: Election, project: (term: Term) => WorkResult) {
  const out: unknown[] = [];
  const subscription = election.pipe(whileLeader(project)).subscribe({
    next: (value) => out.push(value),
    error: (error: unknown) => out.push(error),
    complete: () => out.push('|'),
  });
  return { out, leave: () => subscription.unsubscribe() };
}

describe('whileLeader, with a promise', () => {
  it('emits its resolved value', async () => {
    const { election } = candidate();
    const { out, leave } = run(election, async ({ token }) => `done under ${token}`);
    await pass(1);
    expect(out).toEqual(['done under 1']);
    leave();
  });

  it('delays the release of a voluntary exit until it settles (G7)', async () => {
    const { store, election } = candidate();
    const job = work();
    const { out, leave } = run(election, () => job.promise);
    await pass(10);
    leave();
    await pass(100);
    expect(store.requests.release).toEqual([]);
    job.end();
    await pass(0);
    expect(store.requests.release).toHaveLength(1);
    expect(out).toEqual([]);
  });

  it('accepts any thenable', async () => {
    const { store, election } = candidate();
    const job = work();
    // biome-ignore lint/suspicious/noThenProperty: the test needs a thenable
    const thenable = { then: job.promise.then.bind(job.promise) } as PromiseLike<void>;
    const { leave } = run(election, () => thenable);
    await pass(10);
    leave();
    await pass(100);
    expect(store.requests.release).toEqual([]);
    job.end();
    await pass(0);
    expect(store.requests.release).toHaveLength(1);
  });

  it('unsubscribes an Observable instead of awaiting it', async () => {
    const { store, election } = candidate();
    const { leave } = run(election, () => NEVER);
    await pass(10);
    leave();
    await pass(0);
    expect(store.requests.release).toHaveLength(1);
  });

  it('errors when it rejects', async () => {
    const { store, election } = candidate();
    const failure = new Error('work with a bug');
    const { out } = run(election, () => Promise.reject(failure));
    await pass(10);
    expect(out).toEqual([failure]);
    expect(store.requests.release).toHaveLength(1);
  });

  it('ignores a rejection after the term (G6)', async () => {
    const { election } = candidate();
    const job = work();
    const { out, leave } = run(election, () => job.promise);
    await pass(10);
    leave();
    job.fail(new Error('work that was told to end'));
    await pass(100);
    expect(out).toEqual([]);
  });

  it('emits no value past the deadline, announced or not (G2)', async () => {
    let ahead = 0;
    const { election } = candidate(
      { release: [silence], read: [silence] },
      { clock: { now: () => Date.now() + ahead } },
    );
    const job = work();
    const { out, leave } = run(election, () => job.promise);
    await pass(10);
    ahead = LIFETIME;
    job.end();
    await pass(0);
    expect(out).toEqual([]);
    leave();
  });

  it('delays the release also for a project that ended the term itself', async () => {
    const { store, election } = candidate();
    const job = work();
    const { out } = run(election, () => {
      void election.close();
      return job.promise;
    });
    await pass(100);
    expect(store.requests.release).toEqual([]);
    expect(out).toEqual(['|']);
    job.end();
    await pass(0);
    expect(store.requests.release).toHaveLength(1);
  });
});
