import { Subscriber, throwError } from 'rxjs';

/** Says that something was thrown which is nobody's to handle, where RxJS says so: `config.onUnhandledError`, or else as an uncaught exception. */
export function report(error: unknown): void {
  throwError(() => error).subscribe();
}

/** Does `work`, which runs what users wrote: if that throws, it is reported, and all else goes on. */
export function safely(work: () => void): void {
  try {
    work();
  } catch (error) {
    report(error);
  }
}

/** Subscribes to what a store gives. Users write stores too, and with them what RxJS runs when it is unsubscribed: that may throw. */
export abstract class StoreSubscriber<T> extends Subscriber<T> {
  override unsubscribe(): void {
    try {
      super.unsubscribe();
    } catch (error) {
      report(error);
    }
  }
}
