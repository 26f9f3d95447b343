import {
  catchError,
  concatMap,
  defer,
  EMPTY,
  endWith,
  filter,
  finalize,
  map,
  merge,
  NEVER,
  type Observable,
  of,
  ReplaySubject,
  race,
  repeat,
  retry,
  share,
  startWith,
  switchMap,
  take,
  tap,
  timeout,
  timer,
} from 'rxjs';
import type { Notice } from '../lease-store.js';
import type { RedisClient } from './client.js';
import { connectionOf } from './connection.js';
import { noticeOf } from './notice.js';
import { Pace, pauseAfter } from './pace.js';
import { type DuplicableClient, isDuplicable, type Link, openLink } from './subscriber.js';

/** What is published, for all who listen through one client. */
export interface Channels {
  /** Tells what is published on `channel`, and whether that is told at present. Never fails, never completes. */
  notices(channel: string): Observable<Notice>;
}

/** ms that the server may take: to make a connection usable, and to confirm a subscription. node-redis would wait for ever. */
const PATIENCE = 5_000;

const LISTENING: Notice = { kind: 'listening' };
const DEAF: Notice = { kind: 'deaf' };

const known = new WeakMap<RedisClient, Channels>();

/** The channels of `client`: one subscriber connection, however many elections and observers share it. */
export function channelsOf(client: RedisClient): Channels {
  const channels = known.get(client) ?? (isDuplicable(client) ? open(client) : { notices: () => NEVER });
  known.set(client, channels);
  return channels;
}

function open(client: DuplicableClient): Channels {
  const links = linksOf(client);
  const listened = new Map<string, Observable<Notice>>();
  const listen = (channel: string) =>
    links.pipe(
      switchMap((link) => (link ? hear(link, channel) : of(DEAF))),
      finalize(() => listened.delete(channel)),
      shareState,
    );
  return {
    notices: (channel) =>
      defer(() => {
        const notices = listened.get(channel) ?? listen(channel);
        listened.set(channel, notices);
        return notices;
      }),
  };
}

/** The subscriber of `client`, and `undefined` when it is lost: made for the first who asks, gone with the last. */
function linksOf(client: DuplicableClient): Observable<Link | undefined> {
  const pace = new Pace();
  const { notices: reconnections } = connectionOf(client);
  // What keeps the client from its server keeps the subscriber too; and so when it is over for one, it may be for the other.
  const due = defer(() =>
    race(
      defer(() => timer(pace.wait)),
      reconnections.pipe(switchMap(() => timer(pace.leastWait))),
    ).pipe(take(1)),
  );
  const attempt = defer(() => {
    pace.begin();
    return openLink(client).pipe(
      timeout({ first: PATIENCE, with: () => EMPTY }),
      catchError(() => EMPTY), // a client whose `duplicate` fails
      tap({ next: () => pace.succeed(), complete: () => pace.fail() }),
    );
  });
  return due.pipe(
    concatMap(() => attempt),
    endWith(undefined),
    repeat(),
    share({ connector: () => new ReplaySubject(1) }),
  );
}

/** What comes by `link` on `channel`, from when it does. A channel that is refused is asked for again: rules get mended. */
function hear(link: Link, channel: string): Observable<Notice> {
  const told = link.messages.pipe(
    filter((message) => message.channel === channel),
    map(({ text }) => noticeOf(text)),
    filter((notice) => notice !== undefined),
  );
  const giveUp = () => {
    link.drop();
    return NEVER;
  };
  const listening = defer(() => link.subscribe(channel)).pipe(
    timeout({ first: PATIENCE, with: giveUp }),
    retry({ delay: (_, failures) => timer(pauseAfter(failures)) }),
    map(() => LISTENING),
  );
  return merge(told, listening).pipe(finalize(() => link.unsubscribe(channel)));
}

/** `source`, once for all: one who comes late is told first that it is listened, if it is. `deaf` only ever follows `listening`. */
function shareState(source: Observable<Notice>): Observable<Notice> {
  let isListening = false;
  const shared = source.pipe(
    filter(({ kind }) => kind !== 'deaf' || isListening),
    tap({
      next: ({ kind }) => {
        if (kind === 'listening') isListening = true;
        if (kind === 'deaf') isListening = false;
      },
      finalize: () => {
        isListening = false;
      },
    }),
    share(),
  );
  return defer(() => (isListening ? shared.pipe(startWith(LISTENING)) : shared));
}
