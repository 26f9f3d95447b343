import type { Observable } from 'rxjs';
import type { Notice } from '../port/lease-store.js';
import { StoreSubscriber } from './safely.js';
import { isNotice } from './validate-reply.js';

/** Receives the notices of a store. */
export interface NoticeHandler {
  onNotice(notice: Notice): void;
}

/** Subscribes to the notices of a store. When they end or fail, the handler receives `deaf`. */
export class NoticeSubscriber extends StoreSubscriber<Notice> {
  readonly #handler: NoticeHandler;

  constructor(handler: NoticeHandler) {
    super();
    this.#handler = handler;
  }

  /**
   * Calls `notices` and subscribes to the result. If user code throws, the candidacy goes on
   * without notices.
   */
  listen(notices: () => Observable<Notice> | undefined): void {
    try {
      notices()?.subscribe(this);
    } catch {
      this.complete();
    }
  }

  protected override _next(notice: Notice): void {
    if (isNotice(notice)) this.#handler.onNotice(notice);
  }

  protected override _error(): void {
    this._complete();
  }

  protected override _complete(): void {
    this.unsubscribe();
    this.#handler.onNotice({ kind: 'deaf' });
  }
}
