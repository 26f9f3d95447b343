import { defer, Observable, ReplaySubject, retry, type Subscriber, Subscription, tap, timer } from 'rxjs';
import type { Notice, ReleaseNotice } from '../port/lease-store.js';
import { getOrMake } from '../util/lookup.js';
import { randomId } from '../util/random-id.js';
import { adapterOf, type RedisClient } from './client.js';
import type { MessageListener, SubscriberConnection } from './client-adapter.js';
import { type Connection, connectionOf } from './connection.js';
import type { Home } from './home.js';
import { parseInboxMessage, parseNotice } from './parse-notice.js';
import { delayAfter } from './reconnect-backoff.js';
import { orDrop, subscriberConnectionsOf } from './subscriber-connections.js';

/** What a client's connection tells and what is published, for all who listen through one client. */
export interface Channels {
  /** Tells of reconnections, of what is published on `channel`, and whether that is told at present. Never fails, never completes. */
  notices(channel: string): Observable<Notice>;
  /** The one channel on which this client alone is told, of any election; for those who stand, not for those who only look. */
  readonly inbox: string;
  /** Opens it, for one who stands and `hears`, or not: whether that one can be told alone by now. If it could, it is told `listening` again once it can. */
  openInbox(hears: boolean): boolean;
  /** The id of the holder that told this client alone of its release, since this was asked last; empty if none did. */
  releasedBy(channel: string): string;
}

const refusals = new WeakMap<RedisClient, ReplaySubject<string>>();

/** Why notices of those who stand by `client` cannot arrive, the last reason first: a rule forbids it, or it makes no connection to listen by. */
export const noticesRefused = (client: RedisClient): ReplaySubject<string> =>
  getOrMake(refusals, client, () => new ReplaySubject(1));

const isForbidden = (error: unknown): boolean => error instanceof Error && /\bNOPERM\b/.test(error.message);

const LISTENING: Notice = { kind: 'listening' };
const DEAF: Notice = { kind: 'deaf' };

/**
 * What is published to all that stand or observe by `client`: one subscriber connection, a duplicate of `subscriber`, however many
 * share it. Without a subscriber, only that the client has connected. `home` is held while anybody listens.
 */
export function openChannels(client: RedisClient, subscriber: RedisClient | false, home: Home): Channels {
  const { prefix } = adapterOf(client);
  const connection = connectionOf(client);
  if (!subscriber) return withoutSubscriber(connection, home);
  const { openSubscriber, serves } = adapterOf(subscriber);
  const refused = noticesRefused(client);
  if (!openSubscriber) {
    refused.next('this client cannot be duplicated');
    return withoutSubscriber(connection, home);
  }
  const links = subscriberConnectionsOf(openSubscriber, serves, connectionOf(subscriber).notices);
  const channels = new Map<string, Channel>();
  const inbox = new Inbox(`${prefix}leader:inbox:${randomId()}`, channels, () => {});
  let isInboxOpen = false;
  let isInboxMissed = false;
  // Whoever stands where others have listened before was listed as deaf at first, and is to ask again now that it can be told alone.
  inbox.join({
    next: ({ kind }) => {
      if (kind !== 'listening' || !isInboxMissed) return;
      isInboxMissed = false;
      for (const each of [...channels.values()]) if (each.isListening) each.tell(LISTENING);
    },
  });
  let link: SubscriberConnection | undefined;
  let connections = Subscription.EMPTY;
  const begin = (name: string) => {
    const channel = new Channel(name, (error) => isForbidden(error) && refused.next(String(error)));
    channels.set(name, channel);
    if (channels.size > 1) {
      channel.move(link);
      return channel;
    }
    home.begin();
    connections = connection.notices.subscribe((notice) => {
      for (const each of [...channels.values()]) each.tell(notice);
    });
    connections.add(connectionOf(subscriber).notices.subscribe()); // for its errors to be heard
    connections.add(
      links.subscribe((next) => {
        link = next;
        // The inbox first: whoever hears that its channel is listened to may say that it can be told alone.
        if (isInboxOpen) inbox.move(link);
        for (const each of channels.values()) each.move(link);
      }),
    );
    return channel;
  };
  const end = (name: string) => {
    channels.get(name)?.move(undefined);
    channels.delete(name);
    if (channels.size > 0) return;
    connections.unsubscribe();
    home.end();
    link = undefined;
    isInboxOpen = false;
    inbox.move(undefined);
  };
  return {
    notices: (name) =>
      new Observable((listener) => {
        const channel = channels.get(name) ?? begin(name);
        channel.join(listener);
        return () => {
          if (channel.leave(listener)) end(name);
        };
      }),
    inbox: inbox.name,
    openInbox: (hears) => {
      if (!isInboxOpen) inbox.move(link);
      isInboxOpen = true;
      if (hears && !inbox.isListening) isInboxMissed = true;
      return hears && inbox.isListening;
    },
    releasedBy: (name) => channels.get(name)?.takeReleaser() ?? '',
  };
}

function withoutSubscriber({ notices }: Connection, home: Home): Channels {
  let listeners = 0;
  const held = new Observable<Notice>((listener) => {
    if (listeners === 0) home.begin();
    listeners += 1;
    listener.add(notices.subscribe(listener));
    return () => {
      listeners -= 1;
      if (listeners === 0) home.end();
    };
  });
  return { notices: () => held, inbox: '', openInbox: () => false, releasedBy: () => '' };
}

type NoticeListener = Pick<Subscriber<Notice>, 'next'>;

/** One channel, and all who listen to it; plain, since there may be thousands. */
class Channel implements MessageListener {
  readonly name: string;
  isListening = false;
  /** Never changed, but replaced: who comes or goes while others are told does not disturb that. */
  #listeners: readonly NoticeListener[] = [];
  #link: SubscriberConnection | undefined;
  #confirmation = Subscription.EMPTY;
  #releaser = '';
  readonly #fail: (error: unknown) => void;

  constructor(name: string, fail: (error: unknown) => void) {
    this.name = name;
    this.#fail = fail;
  }

  /** What is published. */
  onMessage(text: string): void {
    this.tell(parseNotice(text));
  }

  /** A release that nobody else is told of yet. */
  hearAlone(notice: ReleaseNotice): void {
    this.#releaser = notice.id;
    this.tell(notice);
  }

  takeReleaser(): string {
    const releaser = this.#releaser;
    this.#releaser = '';
    return releaser;
  }

  /** One who comes late is told first that the channel is listened to, if it is. */
  join(listener: NoticeListener): void {
    this.#listeners = this.#listeners.concat(listener);
    if (this.isListening) listener.next(LISTENING);
  }

  /** Whether nobody is left. */
  leave(listener: NoticeListener): boolean {
    this.#listeners = this.#listeners.filter((each) => each !== listener);
    return this.#listeners.length === 0;
  }

  /** From now on what is published is to come by `link`, or not at all. `deaf` only ever follows `listening`. */
  move(link: SubscriberConnection | undefined): void {
    this.#confirmation.unsubscribe();
    this.#link?.unsubscribe(this.name);
    this.#link = link;
    if (this.isListening) this.tell(DEAF);
    this.isListening = false;
    if (!link) return;
    this.#confirmation = subscribed(link, this, this.#fail).subscribe({
      next: () => {
        this.isListening = true;
        this.tell(LISTENING);
      },
      complete: () => {
        this.#confirmation = Subscription.EMPTY; // which is smaller than what is over
      },
    });
  }

  /** In order, to all who listen at present. */
  tell(notice: Notice | undefined): void {
    if (!notice) return;
    for (const listener of this.#listeners) listener.next(notice);
  }
}

/** The one where it is told what goes to one candidate alone, to be passed on to those who listen to the channel of its election. */
class Inbox extends Channel {
  readonly #channels: ReadonlyMap<string, Channel>;

  constructor(name: string, channels: ReadonlyMap<string, Channel>, fail: (error: unknown) => void) {
    super(name, fail);
    this.#channels = channels;
  }

  override onMessage(text: string): void {
    const told = parseInboxMessage(text);
    if (told) this.#channels.get(told.channel)?.hearAlone(told.notice);
  }
}

/** Emits when what is published on `channel` comes by `link`. A channel that is refused is asked for again: rules get mended. */
function subscribed(link: SubscriberConnection, channel: Channel, fail: (error: unknown) => void): Observable<unknown> {
  return defer(() => link.subscribe(channel.name, channel)).pipe(
    orDrop(link),
    tap({ error: fail }),
    retry({ delay: (_, failures) => timer(delayAfter(failures)) }),
  );
}
