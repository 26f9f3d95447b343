import { EventEmitter, on } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { NEVER, Observable, observable, of } from 'rxjs';
import type { Election } from '../../lib/election/election.js';
import { runWork } from '../../lib/election/run-work.js';
import { whileLeader } from '../../lib/election/while-leader.js';
import type { WorkResult } from '../../lib/election/work-result.js';
import { LiveTerm } from '../../lib/stream/term.js';
import type { Term } from '../../lib/stream/transition.js';
import { candidate, pass, useFakeTime, work } from '../support/fake-time.js';
import { silence } from '../support/scripted-store.js';
import { LIFETIME, TIMES } from '../support/virtual-time.js';

useFakeTime();

/** Collects what `source` emits, errors included, and `|` at completion. */
function collect(source: Observable<unknown>) {
  const out: unknown[] = [];
  const subscription = source.subscribe({
    next: (value) => out.push(value),
    error: (error: unknown) => out.push(error),
    complete: () => out.push('|'),
  });
  return { out, leave: () => subscription.unsubscribe() };
}

const run = (election: Election, project: (term: Term) => WorkResult) =>
  collect(election.pipe(whileLeader<WorkResult>(project)));

const releases = (store: { readonly requests: { readonly release: readonly unknown[] } }) =>
  store.requests.release.length;

describe('work that returns a cleanup function', () => {
  it('calls it once at the end of the term, and emits nothing', async () => {
    const { election } = candidate();
    const seen: string[] = [];
    const { out } = run(election, (term) => () => seen.push(`cleanup, aborted ${term.signal.aborted}`));
    await pass(10);
    expect(seen).toEqual([]);
    void election.close();
    expect(seen).toEqual(['cleanup, aborted true']);
    await pass(100);
    expect([seen.length, out]).toEqual([1, ['|']]);
  });

  it('calls it before the release, which does not wait without a promise (G7)', async () => {
    const { store, election } = candidate();
    const seen: number[] = [];
    const { leave } = run(election, () => () => seen.push(releases(store)));
    await pass(10);
    leave();
    await pass(0);
    expect([seen, releases(store)]).toEqual([[0], 1]);
  });

  it('delays a voluntary exit until its promise settles (G7)', async () => {
    const { store, election } = candidate();
    const job = work();
    const { leave } = run(election, () => () => job.promise);
    await pass(10);
    leave();
    await pass(100);
    expect(releases(store)).toBe(0);
    job.end();
    await pass(0);
    expect(releases(store)).toBe(1);
  });

  it('awaits it for at most drain', async () => {
    const { store, election } = candidate();
    const { leave } = run(election, () => () => new Promise(() => {}));
    await pass(10);
    leave();
    await pass(TIMES.drain - 1);
    expect(releases(store)).toBe(0);
    await pass(1);
    expect(releases(store)).toBe(1);
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('a cleanup with a bug');
      },
    ],
    ['rejects', () => Promise.reject(new Error('a cleanup with a bug'))],
  ])('does not await it if it %s: the exit continues, and the subscriber completes', async (_, cleanup) => {
    const { store, election } = candidate();
    const { out } = run(election, () => cleanup);
    await pass(10);
    void election.close();
    await pass(0);
    expect([out, releases(store)]).toEqual([['|'], 1]);
  });
});

describe('work that returns a promise of work', () => {
  it('calls the cleanup function at the end of the term (G7)', async () => {
    const { store, election } = candidate();
    const job = work();
    const seen: string[] = [];
    const { out, leave } = run(election, async () => () => {
      seen.push('cleanup');
      return job.promise;
    });
    await pass(10);
    expect([out, seen]).toEqual([[], []]);
    leave();
    await pass(100);
    expect([seen, releases(store)]).toEqual([['cleanup'], 0]);
    job.end();
    await pass(0);
    expect(releases(store)).toBe(1);
  });

  it('calls it at once if the term has already ended, and awaits it too (G7)', async () => {
    const { store, election } = candidate();
    const [start, stop] = [work(), work()];
    const seen: string[] = [];
    const { leave } = run(election, async () => {
      await start.promise;
      return () => {
        seen.push('cleanup');
        return stop.promise;
      };
    });
    await pass(10);
    leave();
    await pass(100);
    expect([seen, releases(store)]).toEqual([[], 0]);
    start.end();
    await pass(50);
    expect([seen, releases(store)]).toEqual([['cleanup'], 0]);
    stop.end();
    await pass(0);
    expect(releases(store)).toBe(1);
  });

  it('forwards what the Observable or the async iterable emits', async () => {
    const { election } = candidate();
    const { out, leave } = run(election, async () => of(1, 2));
    async function* jobs() {
      yield 1;
      yield 2;
    }
    const other = run(election, async () => jobs());
    await pass(10);
    expect([out, other.out]).toEqual([
      [1, 2],
      [1, 2],
    ]);
    leave();
    other.leave();
  });

  it('starts neither if the term has already ended', async () => {
    const { election } = candidate();
    const start = work();
    const seen: string[] = [];
    async function* jobs() {
      yield seen.push('generator');
    }
    const results = [new Observable(() => void seen.push('observable')), jobs()];
    const runs = results.map((result) => run(election, () => start.promise.then(() => result)));
    await pass(10);
    for (const { leave } of runs) leave();
    start.end();
    await pass(10);
    expect(seen).toEqual([]);
  });

  it('emits any other result, and completes', async () => {
    const { election } = candidate();
    for (const value of [undefined, null, 5, 'text', [1, 2]]) {
      const { out, leave } = collect(runWork(async () => value, await led(election)));
      await pass(0);
      expect(out).toEqual([value, '|']);
      leave();
    }
    await Promise.all([election.close(), pass(100)]);
  });
});

/** Resolves to the term of `election` once it leads. */
async function led(election: Election): Promise<Term> {
  if (!election.role) election.subscribe();
  while (!election.term) await pass(1);
  return election.term;
}

describe('work that returns an async iterable', () => {
  it('forwards what it yields, and calls return() at the end of the term', async () => {
    const { election } = candidate();
    const steps = [work(), work()];
    const seen: string[] = [];
    async function* jobs(): AsyncGenerator<number> {
      try {
        for (const [index, step] of steps.entries()) {
          await step.promise;
          yield index;
        }
      } finally {
        seen.push('returned');
      }
    }
    const { out, leave } = run(election, jobs);
    await pass(10);
    steps[0]?.end();
    await pass(10);
    expect([out, seen]).toEqual([[0], []]);
    void election.resign();
    steps[1]?.end();
    await pass(10);
    expect([out, seen]).toEqual([[0], ['returned']]);
    leave();
  });

  it('delays a voluntary exit until the current step and return() settle (G7)', async () => {
    const { store, election } = candidate();
    const [step, end] = [work(), work()];
    const seen: string[] = [];
    async function* ignoresTheSignal() {
      try {
        await step.promise;
        seen.push('step');
        yield 'late';
        seen.push('another step');
      } finally {
        await end.promise;
        seen.push('returned');
      }
    }
    const { out, leave } = run(election, ignoresTheSignal);
    await pass(10);
    leave();
    await pass(100);
    expect([seen, releases(store)]).toEqual([[], 0]);
    step.end();
    await pass(50);
    expect([seen, releases(store)]).toEqual([['step'], 0]);
    end.end();
    await pass(0);
    expect([seen, out, releases(store)]).toEqual([['step', 'returned'], [], 1]);
  });

  it('awaits the current step without a return(), and takes no further one (G7)', async () => {
    const { store, election } = candidate();
    const step = work();
    let steps = 0;
    const iterable = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          steps += 1;
          await step.promise;
          return { done: false as const, value: steps };
        },
      }),
    };
    const { out, leave } = run(election, () => iterable);
    await pass(10);
    leave();
    await pass(100);
    expect([steps, releases(store)]).toEqual([1, 0]);
    step.end();
    await pass(0);
    expect([steps, out, releases(store)]).toEqual([1, [], 1]);
  });

  it('ends a step that waits for an event by calling return() at once', async () => {
    const { store, election } = candidate();
    const emitter = new EventEmitter();
    const { out, leave } = run(election, () => on(emitter, 'job'));
    await pass(10);
    emitter.emit('job', 1);
    await pass(0);
    leave();
    await pass(0);
    expect([out, emitter.listenerCount('job'), releases(store)]).toEqual([[[1]], 0, 1]);
  });

  it('awaits a step that never settles for at most drain', async () => {
    const { store, election } = candidate();
    async function* stuck() {
      await new Promise(() => {});
      yield 1;
    }
    const { leave } = run(election, stuck);
    await pass(10);
    leave();
    await pass(TIMES.drain - 1);
    expect(releases(store)).toBe(0);
    await pass(1);
    expect(releases(store)).toBe(1);
  });

  it('forwards nothing past the deadline, announced or not, and returns (G2)', async () => {
    let ahead = 0;
    const clock = { now: () => Date.now() + ahead };
    const { election } = candidate({ release: [silence], read: [silence] }, { clock });
    const step = work();
    let returned = false;
    async function* jobs() {
      try {
        await step.promise;
        yield 'late';
      } finally {
        returned = true;
      }
    }
    const { out, leave } = run(election, jobs);
    await pass(10);
    ahead = LIFETIME;
    step.end();
    await pass(0);
    expect([out, returned]).toEqual([[], true]);
    leave();
  });

  it('returns when the subscriber unsubscribes, and takes no further step', async () => {
    const { election } = candidate();
    const seen: string[] = [];
    async function* jobs() {
      try {
        for (;;) {
          seen.push('step');
          yield 1;
        }
      } finally {
        seen.push('returned');
      }
    }
    const term = await led(election);
    const subscription = runWork(jobs, term).subscribe(() => subscription.unsubscribe());
    await pass(10);
    expect(seen).toEqual(['step', 'returned']);
    await Promise.all([election.close(), pass(100)]);
  });

  it('completes with the last step, without a call of return()', async () => {
    const { election } = candidate();
    let returned = 0;
    const iterable = {
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: true as const, value: 'not emitted' }),
        return: async () => {
          returned += 1;
          return { done: true as const, value: undefined };
        },
      }),
    };
    const { out } = collect(runWork(() => iterable, await led(election)));
    await pass(0);
    expect(out).toEqual(['|']);
    await Promise.all([election.close(), pass(100)]);
    expect(returned).toBe(0);
  });

  it('errors with what a step throws during the term', async () => {
    const { store, election } = candidate();
    const failure = new Error('a step with a bug');
    // biome-ignore lint/correctness/useYield: it throws before a yield
    async function* jobs(): AsyncGenerator<never> {
      await pass(0);
      throw failure;
    }
    const { out } = run(election, jobs);
    await pass(10);
    expect([out, releases(store)]).toEqual([[failure], 1]);
  });

  it.each<[string, () => Promise<never>]>([
    [
      'throws',
      () => {
        throw new Error('a return() with a bug');
      },
    ],
    ['rejects', () => Promise.reject(new Error('a return() with a bug'))],
  ])('continues the exit if return() %s', async (_, fail) => {
    const { store, election } = candidate();
    const step = work();
    const iterable = {
      [Symbol.asyncIterator]: () => ({
        next: () => step.promise.then(() => ({ done: false as const, value: 1 })),
        return: fail,
      }),
    };
    const { out } = run(election, () => iterable);
    await pass(10);
    void election.close();
    await pass(50);
    expect(releases(store)).toBe(0); // the step is still pending
    step.fail(new Error('a step that was told to end'));
    await pass(0);
    expect([out, releases(store)]).toEqual([['|'], 1]);
  });
});

describe('work that returns an Observable', () => {
  it('counts as one even if it is also an async iterable', async () => {
    const { election } = candidate();
    const both = Object.assign(of('observable'), {
      async *[Symbol.asyncIterator]() {
        yield 'iterable';
      },
    });
    const { out, leave } = run(election, () => both);
    await pass(10);
    expect(out).toEqual(['observable']);
    leave();
  });

  it('counts as one if another library created it', async () => {
    const { election } = candidate();
    const foreign = { [observable]: () => of('foreign') } as unknown as Observable<string>;
    const { out, leave } = run(election, () => foreign);
    await pass(10);
    expect(out).toEqual(['foreign']);
    leave();
  });
});

describe('one run of work', () => {
  const term = () => new LiveTerm({ id: 'me/1', token: 7, deadline: 1_000 }, { now: () => Date.now() });

  it('passes the term to the work, and completes when the term ends, after the work', () => {
    const live = term();
    const seen: unknown[] = [];
    runWork((given) => {
      seen.push(given === live);
      return () => seen.push('cleanup');
    }, live).subscribe({ complete: () => seen.push('complete') });
    live.end('lost');
    expect(seen).toEqual([true, 'cleanup', 'complete']);
  });

  it('starts no work for a term that is over', () => {
    const live = term();
    live.end('lost');
    const begun: Term[] = [];
    const { out } = collect(runWork((given) => void begun.push(given), live));
    expect([out, begun]).toEqual([['|'], []]);
  });

  it('ends work that has ended its own term, whatever it returns', async () => {
    const seen: string[] = [];
    const ended = (result: WorkResult) => {
      const live = term();
      return collect(
        runWork<WorkResult>(() => {
          live.end('resigned');
          return result;
        }, live),
      ).out;
    };
    async function* jobs() {
      yield seen.push('step');
    }
    const outs = [
      ended(() => void seen.push('cleanup')),
      ended(Promise.resolve(() => void seen.push('late cleanup'))),
      ended(new Observable(() => void seen.push('subscribed'))),
      ended(jobs()),
      ended(NEVER),
    ];
    await pass(0);
    expect(outs).toEqual(outs.map(() => ['|']));
    expect(seen).toEqual(['cleanup', 'late cleanup']);
  });

  it('reports errors after the end to onLateError', async () => {
    const late: unknown[] = [];
    const options = { onLateError: (error: unknown) => late.push(error) };
    const fail = (message: string): never => {
      throw new Error(message);
    };
    const iterable = (returns: () => Promise<never>) => ({
      [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}), return: returns }),
    });
    const works: Array<() => WorkResult> = [
      () => () => fail('cleanup throws'),
      () => async () => fail('cleanup rejects'),
      () => iterable(() => fail('return throws')),
      () => iterable(async () => fail('return rejects')),
    ];
    for (const each of works) {
      const live = term();
      runWork<WorkResult>(each, live, options).subscribe();
      live.end('lost');
    }
    await pass(0);
    expect(late.map((error) => (error as Error).message).sort()).toEqual([
      'cleanup rejects',
      'cleanup throws',
      'return rejects',
      'return throws',
    ]);
  });
});
