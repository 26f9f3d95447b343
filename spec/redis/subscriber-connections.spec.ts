import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EMPTY, NEVER, Observable, Subject, type Subscription, throwError } from 'rxjs';
import type { SubscriberConnection } from '../../lib/redis/client-adapter.js';
import { subscriberConnectionsOf } from '../../lib/redis/subscriber-connections.js';
import { pass, useFakeTime } from '../support/fake-time.js';

/** ms between two pings, for each reply, of a steady connection, and before the first attempt. */
const [LOOK_EVERY, PATIENCE, STEADY, SOON] = [30_000, 5_000, 1_000, 50];

useFakeTime();

const subscriptions: Subscription[] = [];
beforeEach(() => {
  jest.spyOn(Math, 'random').mockReturnValue(0); // no random delay
});
afterEach(() => {
  jest.restoreAllMocks();
  for (const subscription of subscriptions.splice(0)) subscription.unsubscribe();
});

describe('a subscriber connection', () => {
  const answers = () => Promise.resolve('PONG');
  const refuses = () => Promise.reject(new Error('NOPERM no PING for you'));
  const hangs = () => new Promise(() => {});

  /** Connections with this `ping`. `changes` has the time of each, and 0 for each loss. */
  async function opened(ping: SubscriberConnection['ping'], serves: 'one' | 'slots' = 'one') {
    const reconnections = new Subject<unknown>();
    const pings: number[] = [];
    const changes: number[] = [];
    const open = () =>
      new Observable<SubscriberConnection>((observer) => {
        observer.next({
          subscribe: answers,
          unsubscribe: () => {},
          drop: () => observer.complete(),
          ping: () => {
            pings.push(Date.now());
            return ping();
          },
        });
      });
    const subscription = subscriberConnectionsOf(open, serves, reconnections).subscribe((connection) =>
      changes.push(connection ? Date.now() : 0),
    );
    subscriptions.push(subscription);
    await pass(SOON);
    expect(changes).toEqual([SOON]);
    return { reconnections, pings, changes, subscription };
  }

  it.each([
    ['answers', answers],
    ['refuses', refuses],
    ['throws', () => expect('a client').toBe('another')],
  ])('whose server %s is kept, and pinged every half minute', async (_, ping) => {
    const { pings, changes } = await opened(ping as typeof answers);
    await pass(2 * LOOK_EVERY + PATIENCE);
    expect(pings).toEqual([SOON + LOOK_EVERY, SOON + 2 * LOOK_EVERY]);
    expect(changes).toEqual([SOON]);
  });

  it('that hangs is dropped within 35 s, and reopened', async () => {
    const { changes } = await opened(hangs);
    await pass(LOOK_EVERY + PATIENCE - 1);
    expect(changes).toEqual([SOON]);
    await pass(1 + SOON);
    expect(changes).toEqual([SOON, 0, SOON + LOOK_EVERY + PATIENCE + SOON]);
  });

  it('is not pinged after its loss, and leaves no timer after unsubscription (G6)', async () => {
    const { pings, subscription } = await opened(hangs);
    await pass(LOOK_EVERY);
    subscription.unsubscribe();
    expect(jest.getTimerCount()).toBe(0);
    await pass(LOOK_EVERY);
    expect(pings).toHaveLength(1);
  });

  it('is dropped when the client has reconnected, maybe to another server', async () => {
    const { reconnections, pings, changes } = await opened(answers);
    await pass(LOOK_EVERY);
    reconnections.next('connected');
    await pass(SOON);
    expect(changes).toEqual([SOON, 0, SOON + LOOK_EVERY + SOON]);
    expect(pings).toEqual([SOON + LOOK_EVERY]); // by the interval alone
  });

  it('is kept then, but pinged at once, if it is younger than half a minute', async () => {
    const { reconnections, pings, changes } = await opened(answers);
    await pass(LOOK_EVERY - 1);
    reconnections.next('connected');
    expect(pings).toEqual([SOON + LOOK_EVERY - 1]);
    expect(changes).toEqual([SOON]);
  });

  it('to one of several servers is kept then, but pinged at once', async () => {
    const { reconnections, pings, changes } = await opened(answers, 'slots');
    await pass(LOOK_EVERY + 1);
    reconnections.next('connected');
    await pass(PATIENCE);
    expect(pings).toEqual([SOON + LOOK_EVERY, SOON + LOOK_EVERY + 1]);
    expect(changes).toEqual([SOON]);
  });

  it('to a hung one of several servers is dropped within 5 s, despite further reconnections', async () => {
    const { reconnections, pings, changes } = await opened(hangs, 'slots');
    await pass(STEADY);
    reconnections.next('connected');
    await pass(PATIENCE - 1);
    reconnections.next('connected');
    await pass(1);
    expect(pings).toEqual([SOON + STEADY]);
    expect(changes).toEqual([SOON, 0]);
  });
});

describe('an attempt to connect', () => {
  /** The start of each attempt, made by `open`, and the number that have ended. */
  function attempted(open: (count: number) => Observable<SubscriberConnection>) {
    const reconnections = new Subject<unknown>();
    const attempts: number[] = [];
    const over = { count: 0 };
    const openNext = () =>
      new Observable<SubscriberConnection>((observer) => {
        attempts.push(Date.now());
        observer.add(() => over.count++);
        return open(attempts.length).subscribe(observer);
      });
    subscriptions.push(subscriberConnectionsOf(openNext, 'one', reconnections).subscribe());
    return { reconnections, attempts, over };
  }

  const connection: SubscriberConnection = {
    subscribe: () => Promise.resolve(),
    unsubscribe: () => {},
    drop: () => {},
    ping: () => Promise.resolve(),
  };

  it.each([
    ['comes to nothing', EMPTY],
    ['fails', throwError(() => new Error('no duplicate for you'))],
  ])('that %s is repeated after a second, then after twice as long each time', async (_, outcome) => {
    const { attempts } = attempted(() => outcome);
    await pass(SOON + 7_000);
    expect(attempts).toEqual([SOON, SOON + 1_000, SOON + 3_000, SOON + 7_000]);
  });

  it('starts a second after the last one if the client has reconnected', async () => {
    const { reconnections, attempts } = attempted(() => EMPTY);
    await pass(SOON + 1_000);
    reconnections.next('connected');
    await pass(1_000);
    expect(attempts).toEqual([SOON, SOON + 1_000, SOON + 2_000]);
    await pass(4_000);
    expect(attempts.slice(3)).toEqual([SOON + 6_000]);
  });

  it('is given up after 5 s, and repeated', async () => {
    const { attempts, over } = attempted(() => NEVER);
    await pass(SOON + PATIENCE - 1);
    expect(over.count).toBe(0);
    await pass(1);
    expect(over.count).toBe(1);
    await pass(SOON);
    expect(attempts).toEqual([SOON, SOON + PATIENCE + SOON]);
  });

  it('counts as the first after a steady connection', async () => {
    const lasting = new Subject<SubscriberConnection>();
    const { attempts } = attempted((count) => (count === 3 ? lasting : EMPTY));
    await pass(SOON + 3_000);
    lasting.next(connection);
    await pass(STEADY);
    lasting.complete();
    await pass(SOON + 1_000);
    const back = SOON + 3_000 + STEADY + SOON;
    expect(attempts).toEqual([SOON, SOON + 1_000, SOON + 3_000, back, back + 1_000]);
  });
});
