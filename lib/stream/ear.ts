import { type Observable, Subscriber } from 'rxjs';
import type { Notice } from '../store/lease-store.js';

/** Who is told what an ear hears. */
export interface Hearer {
  hear(notice: Notice): void;
}

/** Hears what a store tells by itself, and is told that it is deaf where the store tells no more. */
export class Ear extends Subscriber<Notice> {
  readonly #hearer: Hearer;

  constructor(hearer: Hearer) {
    super();
    this.#hearer = hearer;
  }

  /** `notices` is called in here, since users write stores too: notices that cannot be had are done without. */
  listen(notices: () => Observable<Notice> | undefined): void {
    try {
      notices()?.subscribe(this);
    } catch {
      this.complete();
    }
  }

  protected override _next(notice: Notice): void {
    this.#hearer.hear(notice);
  }

  protected override _error(): void {
    this._complete();
  }

  protected override _complete(): void {
    this.unsubscribe();
    this.#hearer.hear({ kind: 'deaf' });
  }
}
