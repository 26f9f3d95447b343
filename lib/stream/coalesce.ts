import { Observable, type OperatorFunction } from 'rxjs';

/**
 * Does `work` for the values of the source, one at a time: whatever comes while it is at work makes it be done once more afterwards,
 * however much that was. So its last result is always from after the last value. Ends as the source does, or with an error of either.
 */
export function coalesce<T>(work: Observable<T>): OperatorFunction<unknown, T> {
  return (source) =>
    new Observable((subscriber) => {
      let isWorking = false;
      let isWanted = false;
      let isOver = false;
      const done = () => {
        isWorking = false;
        if (isWanted) begin();
        else if (isOver) subscriber.complete();
      };
      const begin = () => {
        isWorking = true;
        isWanted = false;
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
            if (isWorking) isWanted = true;
            else begin();
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
