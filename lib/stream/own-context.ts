import { AsyncResource } from 'node:async_hooks';
import { type MonoTypeOperatorFunction, Observable } from 'rxjs';

/**
 * The async context (`AsyncLocalStorage`) in which it was made, to call a user back in.
 *
 * Elections of one client share timers, requests and a subscriber connection, so that a reply or a notice arrives in the
 * context of whichever election caused it.
 */
export class OwnContext extends AsyncResource {
  constructor() {
    super('rx-leader');
  }

  run<Result>(work: () => Result): Result {
    return this.runInAsyncScope(work);
  }
}

/** Emits what the source emits, in the async context in which it was subscribed to. */
export function inOwnContext<T>(): MonoTypeOperatorFunction<T> {
  return (source) =>
    new Observable((subscriber) => {
      const context = new OwnContext();
      return source.subscribe({
        next: (value) => context.run(() => subscriber.next(value)),
        error: (error: unknown) => context.run(() => subscriber.error(error)),
        complete: () => context.run(() => subscriber.complete()),
      });
    });
}
