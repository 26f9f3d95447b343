import type { Observable } from 'rxjs';
import { isAlive } from '../stream/term.js';
import type { Transition } from '../stream/transition.js';

/**
 * `source` as an async iterator that holds two transitions at most: the `follower` that ends a term the loop was told of, which is
 * never skipped, and the latest one. Subscribes at once. `left` is awaited by `return()`, after unsubscribing.
 */
export function iterate(source: Observable<Transition>, left: () => Promise<void>): AsyncIterableIterator<Transition> {
  const waiting: Array<(result: IteratorResult<Transition>) => void> = [];
  let told: Transition | undefined;
  let ending: Transition | undefined;
  let latest: Transition | undefined;
  let done = false;

  const subscription = source.subscribe({
    next(transition) {
      if (told?.role === 'leader' && !ending) ending = transition;
      else latest = transition;
      settle();
    },
    complete() {
      done = true;
      settle();
    },
  });

  /** The next transition that is worth telling now. */
  function take(): Transition | undefined {
    const [first, second] = [ending, latest];
    if (first) {
      ending = undefined;
      return first;
    }
    latest = undefined;
    if (!second || second.role === told?.role) return undefined; // what was between the two has been skipped
    return second.role === 'leader' && !isAlive(second.term) ? undefined : second;
  }

  function settle(): void {
    while (waiting.length > 0) {
      const value = take();
      if (!value && !done) return;
      if (value) told = value;
      waiting.shift()?.(value ? { done: false, value } : { done: true, value: undefined });
    }
  }

  async function leave(): Promise<void> {
    done = true;
    ending = undefined;
    latest = undefined;
    subscription.unsubscribe();
    settle();
    await left();
  }

  return {
    next: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        settle();
      }),
    async return(value?: unknown) {
      await leave();
      return { done: true, value };
    },
    async throw(error?: unknown) {
      await leave();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
