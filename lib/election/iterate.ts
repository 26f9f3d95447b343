import type { Observable } from 'rxjs';
import { isAlive } from '../stream/term.js';
import type { Transition } from '../stream/transition.js';

/**
 * Turns `source` into an async iterator that buffers at most two transitions.
 *
 * The first is the `follower` that ends a term which the loop has received; the iterator never
 * skips it. The second is the latest transition.
 * Subscribes at once. `return()` unsubscribes, then awaits `left`.
 */
export function iterate(source: Observable<Transition>, left: () => Promise<void>): AsyncIterableIterator<Transition> {
  const waiting: Array<(result: IteratorResult<Transition>) => void> = [];
  let received: Transition | undefined;
  let ending: Transition | undefined;
  let latest: Transition | undefined;
  let done = false;

  const subscription = source.subscribe({
    next(transition) {
      if (received?.role === 'leader' && !ending) ending = transition;
      else latest = transition;
      resolveWaiting();
    },
    complete() {
      done = true;
      resolveWaiting();
    },
  });

  /** Takes the next transition that the loop should still receive. */
  function take(): Transition | undefined {
    const [first, second] = [ending, latest];
    if (first) {
      ending = undefined;
      return first;
    }
    latest = undefined;
    // The transitions in between were skipped.
    if (!second || second.role === received?.role) return undefined;
    return second.role === 'leader' && !isAlive(second.term) ? undefined : second;
  }

  function resolveWaiting(): void {
    while (waiting.length > 0) {
      const value = take();
      if (!value && !done) return;
      if (value) received = value;
      waiting.shift()?.(value ? { done: false, value } : { done: true, value: undefined });
    }
  }

  async function leave(): Promise<void> {
    done = true;
    ending = undefined;
    latest = undefined;
    subscription.unsubscribe();
    resolveWaiting();
    await left();
  }

  return {
    next: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        resolveWaiting();
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
