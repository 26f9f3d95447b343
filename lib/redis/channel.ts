import { defer, type Observable, retry, type Subscriber, Subscription, tap, timer } from 'rxjs';
import type { Notice, ReleaseNotice } from '../port/lease-store.js';
import type { MessageListener, SubscriberConnection } from './client-adapter.js';
import { parseInboxMessage, parseNotice } from './parse-notice.js';
import { delayAfter } from './reconnect-backoff.js';
import { orDrop } from './subscriber-connections.js';

export const LISTENING: Notice = { kind: 'listening' };
const DEAF: Notice = { kind: 'deaf' };

type NoticeListener = Pick<Subscriber<Notice>, 'next'>;

/** One channel and its listeners. A plain class, since there may be thousands. */
export class Channel implements MessageListener {
  readonly name: string;
  isListening = false;
  /** Replaced, never changed: a listener may join or leave while a notice is emitted. */
  #listeners: readonly NoticeListener[] = [];
  #connection: SubscriberConnection | undefined;
  #confirmation = Subscription.EMPTY;
  #releaser = '';
  readonly #onFailure: (error: unknown) => void;

  constructor(name: string, onFailure: (error: unknown) => void) {
    this.name = name;
    this.#onFailure = onFailure;
  }

  onMessage(text: string): void {
    this.emit(parseNotice(text));
  }

  /** Receives a release that was sent to the inbox alone. */
  onInboxRelease(notice: ReleaseNotice): void {
    this.#releaser = notice.id;
    this.emit(notice);
  }

  takeReleaser(): string {
    const releaser = this.#releaser;
    this.#releaser = '';
    return releaser;
  }

  /** Adds a listener, which receives `listening` first if the channel is subscribed. */
  join(listener: NoticeListener): void {
    this.#listeners = this.#listeners.concat(listener);
    if (this.isListening) listener.next(LISTENING);
  }

  /** Removes a listener. Returns whether it was the last. */
  leave(listener: NoticeListener): boolean {
    this.#listeners = this.#listeners.filter((each) => each !== listener);
    return this.#listeners.length === 0;
  }

  /**
   * Subscribes by `connection` instead of the present one. `deaf` only ever follows `listening`.
   */
  receiveBy(connection: SubscriberConnection | undefined): void {
    this.#confirmation.unsubscribe();
    this.#connection?.unsubscribe(this.name);
    this.#connection = connection;
    if (this.isListening) this.emit(DEAF);
    this.isListening = false;
    if (!connection) return;
    this.#confirmation = subscribed(connection, this, this.#onFailure).subscribe({
      next: () => {
        this.isListening = true;
        this.emit(LISTENING);
      },
      complete: () => {
        this.#confirmation = Subscription.EMPTY; // smaller than a closed subscription
      },
    });
  }

  /** Emits `notice` to the present listeners in order. */
  emit(notice: Notice | undefined): void {
    if (!notice) return;
    for (const listener of this.#listeners) listener.next(notice);
  }
}

/** The channel of this client alone. Passes each release on to the channel of its election. */
export class Inbox extends Channel {
  readonly #channels: ReadonlyMap<string, Channel>;

  constructor(name: string, channels: ReadonlyMap<string, Channel>, onFailure: (error: unknown) => void) {
    super(name, onFailure);
    this.#channels = channels;
  }

  override onMessage(text: string): void {
    const message = parseInboxMessage(text);
    if (message) this.#channels.get(message.channel)?.onInboxRelease(message.notice);
  }
}

/** Emits once `channel` is subscribed. Retries a refused channel, since ACL rules may change. */
function subscribed(
  connection: SubscriberConnection,
  channel: Channel,
  onFailure: (error: unknown) => void,
): Observable<unknown> {
  return defer(() => connection.subscribe(channel.name, channel)).pipe(
    orDrop(connection),
    tap({ error: onFailure }),
    retry({ delay: (_, failures) => timer(delayAfter(failures)) }),
  );
}
