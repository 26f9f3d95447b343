import { AsyncResource } from 'node:async_hooks';
import { type MonoTypeOperatorFunction, Observable } from 'rxjs';

/**
 * The async context (`AsyncLocalStorage`) in which this object was created, for calling user code.
 *
 * Elections of one client share timers, requests and a subscriber connection. A reply or notice
 * therefore arrives in the context of whichever election caused it.
 */
export class OwnContext extends AsyncResource {
  constructor() {
    super('rx-leader');
  }

  run<Result>(work: () => Result): Result {
    return this.runInAsyncScope(work);
  }
}

/** Mirrors the source in the async context that subscribed. */
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
