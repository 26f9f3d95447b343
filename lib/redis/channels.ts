import { defer, finalize, Observable, ReplaySubject, Subscription, share } from 'rxjs';
import type { Notice } from '../port/lease-store.js';
import { getOrMake } from '../util/lookup.js';
import { randomId } from '../util/random-id.js';
import { Channel, Inbox, LISTENING } from './channel.js';
import { adapterOf, type RedisClient } from './client.js';
import type { SubscriberConnection } from './client-adapter.js';
import { type Connection, connectionOf } from './connection.js';
import type { Home } from './home.js';
import { subscriberConnectionsOf } from './subscriber-connections.js';

/** The notices of one client, shared by all its elections. */
export interface Channels {
  /**
   * Emits reconnections of the client, notices published on `channel`, and whether that channel is
   * subscribed. Never fails and never completes.
   */
  notices(channel: string): Observable<Notice>;
  /** The channel of this client alone, for all its candidates. Empty without a subscriber. */
  readonly inbox: string;
  /**
   * Subscribes to the inbox for a candidate. Returns whether the candidate can be notified there by
   * now: it `hears` its own channel, and the inbox is subscribed. A candidate that hears but cannot
   * be notified yet receives `listening` again later.
   */
  openInbox(hears: boolean): boolean;
  /** The id of the last holder that sent its release to this inbox alone, once; otherwise empty. */
  releasedBy(channel: string): string;
}

const refusals = new WeakMap<RedisClient, ReplaySubject<string>>();

/**
 * Why notices cannot arrive for the candidates of `client`, the last reason first: an ACL rule
 * forbids the channel, or the client cannot open a subscriber connection.
 */
export const noticesRefused = (client: RedisClient): ReplaySubject<string> =>
  getOrMake(refusals, client, () => new ReplaySubject(1));

const isForbidden = (error: unknown): boolean => error instanceof Error && /\bNOPERM\b/.test(error.message);

/**
 * The channels of `client`, received by one connection that is duplicated from `subscriber`.
 * Without a subscriber they emit only reconnections of the client. `home` is held while anybody
 * subscribes.
 */
export function openChannels(client: RedisClient, subscriber: RedisClient | false, home: Home): Channels {
  const connection = connectionOf(client);
  if (!subscriber) return withoutSubscriber(connection, home);
  const { openSubscriber, serves } = adapterOf(subscriber);
  const refused = noticesRefused(client);
  if (!openSubscriber) {
    refused.next('this client cannot be duplicated');
    return withoutSubscriber(connection, home);
  }
  return new SubscribedChannels({
    inbox: `${adapterOf(client).prefix}leader:inbox:${randomId()}`,
    home,
    clientNotices: connection.notices,
    subscriberNotices: connectionOf(subscriber).notices,
    connections: subscriberConnectionsOf(openSubscriber, serves, connectionOf(subscriber).notices),
    onFailure: (error) => {
      if (isForbidden(error)) refused.next(String(error));
    },
  });
}

function withoutSubscriber({ notices }: Connection, home: Home): Channels {
  const begun = defer(() => {
    home.begin();
    return notices;
  });
  const held = begun.pipe(
    finalize(() => home.end()),
    share(),
  );
  return { notices: () => held, inbox: '', openInbox: () => false, releasedBy: () => '' };
}

interface Sources {
  /** The name of the inbox. */
  readonly inbox: string;
  readonly home: Home;
  readonly clientNotices: Observable<Notice>;
  readonly subscriberNotices: Observable<Notice>;
  /** Emits each subscriber connection, and `undefined` when it is lost. */
  readonly connections: Observable<SubscriberConnection | undefined>;
  /** Receives the error of each subscription that is refused. */
  readonly onFailure: (error: unknown) => void;
}

/** One subscriber connection, opened for the first subscriber and closed with the last. */
class SubscribedChannels implements Channels {
  readonly #sources: Sources;
  readonly #channels = new Map<string, Channel>();
  readonly #inbox: Inbox;
  #isInboxOpen = false;
  /** Whether a candidate has asked for the inbox before it was subscribed. */
  #isInboxMissed = false;
  #connection: SubscriberConnection | undefined;
  #subscriptions = Subscription.EMPTY;

  constructor(sources: Sources) {
    this.#sources = sources;
    this.#inbox = new Inbox(sources.inbox, this.#channels, () => {});
    this.#inbox.join({ next: ({ kind }) => kind === 'listening' && this.#onInboxReady() });
  }

  get inbox(): string {
    return this.#inbox.name;
  }

  notices(name: string): Observable<Notice> {
    return new Observable((listener) => {
      const channel = this.#channels.get(name) ?? this.#add(name);
      channel.join(listener);
      return () => {
        if (channel.leave(listener)) this.#remove(name);
      };
    });
  }

  openInbox(hears: boolean): boolean {
    if (!this.#isInboxOpen) this.#inbox.receiveBy(this.#connection);
    this.#isInboxOpen = true;
    if (hears && !this.#inbox.isListening) this.#isInboxMissed = true;
    return hears && this.#inbox.isListening;
  }

  releasedBy(name: string): string {
    return this.#channels.get(name)?.takeReleaser() ?? '';
  }

  /** Candidates that were listed as deaf before ask again, now that the inbox is subscribed. */
  #onInboxReady(): void {
    if (!this.#isInboxMissed) return;
    this.#isInboxMissed = false;
    for (const channel of [...this.#channels.values()]) if (channel.isListening) channel.emit(LISTENING);
  }

  #add(name: string): Channel {
    const channel = new Channel(name, this.#sources.onFailure);
    this.#channels.set(name, channel);
    if (this.#channels.size > 1) channel.receiveBy(this.#connection);
    else this.#begin();
    return channel;
  }

  #remove(name: string): void {
    this.#channels.get(name)?.receiveBy(undefined);
    this.#channels.delete(name);
    if (this.#channels.size === 0) this.#end();
  }

  #begin(): void {
    const { home, clientNotices, subscriberNotices, connections } = this.#sources;
    home.begin();
    this.#subscriptions = clientNotices.subscribe((notice) => {
      for (const channel of [...this.#channels.values()]) channel.emit(notice);
    });
    // An error of the subscriber must not end the process.
    this.#subscriptions.add(subscriberNotices.subscribe());
    this.#subscriptions.add(connections.subscribe((connection) => this.#receiveBy(connection)));
  }

  #receiveBy(connection: SubscriberConnection | undefined): void {
    this.#connection = connection;
    // The inbox first: a candidate whose channel is subscribed may ask for the inbox at once.
    if (this.#isInboxOpen) this.#inbox.receiveBy(connection);
    for (const channel of this.#channels.values()) channel.receiveBy(connection);
  }

  #end(): void {
    this.#subscriptions.unsubscribe();
    this.#sources.home.end();
    this.#connection = undefined;
    this.#isInboxOpen = false;
    this.#inbox.receiveBy(undefined);
  }
}
