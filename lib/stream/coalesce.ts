import { Observable, type OperatorFunction } from 'rxjs';

/**
 * Runs `work` when the source emits, one run at a time.
 *
 * Any number of values during a run cause one more run after it, so the last result is always newer
 * than the last value. Completes with the source, and fails with either.
 */
export function coalesce<T>(work: Observable<T>): OperatorFunction<unknown, T> {
  return (source) =>
    new Observable((subscriber) => {
      let isWorking = false;
      let isPending = false;
      let isOver = false;
      const done = () => {
        isWorking = false;
        if (isPending) start();
        else if (isOver) subscriber.complete();
      };
      const start = () => {
        isWorking = true;
        isPending = false;
        subscriber.add(
          work.subscribe({
            next: (value) => subscriber.next(value),
            error: (error) => subscriber.error(error),
            complete: done,
          }),
        );
      };
      subscriber.add(
        source.subscribe({
          next: () => {
            if (isWorking) isPending = true;
            else start();
          },
          error: (error) => subscriber.error(error),
          complete: () => {
            isOver = true;
            if (!isWorking) subscriber.complete();
          },
        }),
      );
    });
}
