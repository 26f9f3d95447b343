import { filter, firstValueFrom, fromEvent, map, merge, Subject, startWith, timeout } from 'rxjs';
import { type Entry, monotonic } from './report.js';

/** `Omit` for each variant of a union separately. */
type Untimed<T> = T extends unknown ? Omit<T, 'at'> : never;

/** All events in order of arrival. Everything shown and judged is computed from it alone. */
export class Log {
  readonly entries: Entry[] = [];
  readonly news = new Subject<Entry>();
  #origin: number | undefined;

  /** ms since the start of the run; 0 before. */
  get now(): number {
    return this.#sinceBegin(monotonic());
  }

  /** Starts the run: all candidates are connected. */
  begin(): void {
    this.#origin = monotonic();
  }

  /** Logs what the parent has just done or seen. */
  note(fact: Untimed<Entry>): void {
    this.#add({ ...fact, at: this.now } as Entry);
  }

  /** Logs what a candidate has reported, in its own time. */
  hear(report: Entry): void {
    const at = this.#sinceBegin(report.at);
    this.#add(report.kind === 'yes' ? { ...report, at, until: this.#sinceBegin(report.until) } : { ...report, at });
  }

  /**
   * Resolves with the first truthy result of `look`, which runs after each entry. Rejects after
   * `within` ms.
   */
  until<T>(
    look: (entries: readonly Entry[]) => T | undefined | false,
    within: number,
    signal: AbortSignal,
  ): Promise<T> {
    signal.throwIfAborted();
    const found = this.news.pipe(
      startWith(undefined),
      map(() => look(this.entries)),
      filter((answer): answer is T => answer !== undefined && answer !== false),
      timeout({ first: within }),
    );
    const aborted = fromEvent(signal, 'abort').pipe(
      map((): never => {
        throw signal.reason;
      }),
    );
    return firstValueFrom(merge(found, aborted));
  }

  #sinceBegin(time: number): number {
    return this.#origin === undefined ? 0 : time - this.#origin;
  }

  #add(entry: Entry): void {
    this.entries.push(entry);
    this.news.next(entry);
  }
}
