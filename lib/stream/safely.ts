import { Subscriber, throwError } from 'rxjs';

/**
 * Reports an error that no caller handles, as RxJS does: by `config.onUnhandledError`, or else as
 * an uncaught exception.
 */
export function report(error: unknown): void {
  throwError(() => error).subscribe();
}

/** Runs user code. An exception is reported and does not stop the caller. */
export function safely(work: () => void): void {
  try {
    work();
  } catch (error) {
    report(error);
  }
}

/** Subscribes to an observable of a store. Stores may be user code, so unsubscribing may throw. */
export abstract class StoreSubscriber<T> extends Subscriber<T> {
  override unsubscribe(): void {
    try {
      super.unsubscribe();
    } catch (error) {
      report(error);
    }
  }
}
