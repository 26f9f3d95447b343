import type { Observable } from 'rxjs';
import type { Notice } from '../port/lease-store.js';
import { StoreSubscriber } from './safely.js';
import { isNotice } from './validate-reply.js';

/** Who is told what an ear hears. */
export interface NoticeHandler {
  onNotice(notice: Notice): void;
}

/** Hears what a store tells by itself, and is told that it is deaf where the store tells no more. */
export class NoticeSubscriber extends StoreSubscriber<Notice> {
  readonly #hearer: NoticeHandler;

  constructor(hearer: NoticeHandler) {
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
    if (isNotice(notice)) this.#hearer.onNotice(notice);
  }

  protected override _error(): void {
    this._complete();
  }

  protected override _complete(): void {
    this.unsubscribe();
    this.#hearer.onNotice({ kind: 'deaf' });
  }
}
