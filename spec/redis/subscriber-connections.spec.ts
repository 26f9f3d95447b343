import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { EMPTY, NEVER, Observable, Subject, type Subscription, throwError } from 'rxjs';
import type { SubscriberConnection } from '../../lib/redis/client-adapter.js';
import { subscriberConnectionsOf } from '../../lib/redis/subscriber-connections.js';
import { pass, useFakeTime } from '../support/fake-time.js';

/** ms between two looks, for an answer to each, and that a link lasts which is steady; and for the first to be made. */
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

describe('a link', () => {
  const answers = () => Promise.resolve('PONG');
  const refuses = () => Promise.reject(new Error('NOPERM no PING for you'));
  const hangs = () => new Promise(() => {});

  /** Links that answer so, of a client that tells of reconnections. `told` is when each came, and 0 for one that went. */
  async function linked(ping: SubscriberConnection['ping'], serves: 'one' | 'slots' = 'one') {
    const reconnections = new Subject<unknown>();
    const asked: number[] = [];
    const told: number[] = [];
    const openLink = () =>
      new Observable<SubscriberConnection>((observer) => {
        observer.next({
          subscribe: answers,
          unsubscribe: () => {},
          drop: () => observer.complete(),
          ping: () => {
            asked.push(Date.now());
            return ping();
          },
        });
      });
    const subscription = subscriberConnectionsOf(openLink, serves, reconnections).subscribe((link) =>
      told.push(link ? Date.now() : 0),
    );
    subscriptions.push(subscription);
    await pass(SOON);
    expect(told).toEqual([SOON]);
    return { reconnections, asked, told, subscription };
  }

  it.each([
    ['answers', answers],
    ['refuses', refuses],
    ['throws', () => expect('a client').toBe('another')],
  ])('by which the server %s is kept, and asked again every half a minute', async (_, ping) => {
    const { asked, told } = await linked(ping as typeof answers);
    await pass(2 * LOOK_EVERY + PATIENCE);
    expect(asked).toEqual([SOON + LOOK_EVERY, SOON + 2 * LOOK_EVERY]);
    expect(told).toEqual([SOON]);
  });

  it('that hangs is dropped within 35 s, and made anew', async () => {
    const { told } = await linked(hangs);
    await pass(LOOK_EVERY + PATIENCE - 1);
    expect(told).toEqual([SOON]);
    await pass(1 + SOON);
    expect(told).toEqual([SOON, 0, SOON + LOOK_EVERY + PATIENCE + SOON]);
  });

  it('is asked no more once it is gone, and no timer is left when nobody wants one (G6)', async () => {
    const { asked, subscription } = await linked(hangs);
    await pass(LOOK_EVERY);
    subscription.unsubscribe();
    expect(jest.getTimerCount()).toBe(0);
    await pass(LOOK_EVERY);
    expect(asked).toHaveLength(1);
  });

  it('is dropped when the client has another connection, maybe to another server', async () => {
    const { reconnections, asked, told } = await linked(answers);
    await pass(LOOK_EVERY);
    reconnections.next('connected');
    await pass(SOON);
    expect(told).toEqual([SOON, 0, SOON + LOOK_EVERY + SOON]);
    expect(asked).toEqual([SOON + LOOK_EVERY]); // by the half minute alone
  });

  it('is kept then, but asked at once, where it is not older than half a minute', async () => {
    const { reconnections, asked, told } = await linked(answers);
    await pass(LOOK_EVERY - 1);
    reconnections.next('connected');
    expect(asked).toEqual([SOON + LOOK_EVERY - 1]);
    expect(told).toEqual([SOON]);
  });

  it('to one of several servers is kept then, but asked at once', async () => {
    const { reconnections, asked, told } = await linked(answers, 'slots');
    await pass(LOOK_EVERY + 1);
    reconnections.next('connected');
    await pass(PATIENCE);
    expect(asked).toEqual([SOON + LOOK_EVERY, SOON + LOOK_EVERY + 1]);
    expect(told).toEqual([SOON]);
  });

  it('to one of several servers that hangs is dropped then within 5 s, however many more connections the client has', async () => {
    const { reconnections, asked, told } = await linked(hangs, 'slots');
    await pass(STEADY);
    reconnections.next('connected');
    await pass(PATIENCE - 1);
    reconnections.next('connected');
    await pass(1);
    expect(asked).toEqual([SOON + STEADY]);
    expect(told).toEqual([SOON, 0]);
  });
});

describe('an attempt to have a link', () => {
  /** When each attempt began, of which each comes to what `open` makes of it, and how many are over. */
  function attempted(open: (count: number) => Observable<SubscriberConnection>) {
    const reconnections = new Subject<unknown>();
    const attempts: number[] = [];
    const over = { count: 0 };
    const openLink = () =>
      new Observable<SubscriberConnection>((observer) => {
        attempts.push(Date.now());
        observer.add(() => over.count++);
        return open(attempts.length).subscribe(observer);
      });
    subscriptions.push(subscriberConnectionsOf(openLink, 'one', reconnections).subscribe());
    return { reconnections, attempts, over };
  }

  const link: SubscriberConnection = {
    subscribe: () => Promise.resolve(),
    unsubscribe: () => {},
    drop: () => {},
    ping: () => Promise.resolve(),
  };

  it.each([
    ['comes to nothing', EMPTY],
    ['fails', throwError(() => new Error('no duplicate for you'))],
  ])('that %s is followed by another after a second, then after twice as long each time', async (_, outcome) => {
    const { attempts } = attempted(() => outcome);
    await pass(SOON + 7_000);
    expect(attempts).toEqual([SOON, SOON + 1_000, SOON + 3_000, SOON + 7_000]);
  });

  it('is made a second after the one before where the client has a connection again, and the next in its turn', async () => {
    const { reconnections, attempts } = attempted(() => EMPTY);
    await pass(SOON + 1_000);
    reconnections.next('connected');
    await pass(1_000);
    expect(attempts).toEqual([SOON, SOON + 1_000, SOON + 2_000]);
    await pass(4_000);
    expect(attempts.slice(3)).toEqual([SOON + 6_000]);
  });

  it('is given up after 5 s, and made anew', async () => {
    const { attempts, over } = attempted(() => NEVER);
    await pass(SOON + PATIENCE - 1);
    expect(over.count).toBe(0);
    await pass(1);
    expect(over.count).toBe(1);
    await pass(SOON);
    expect(attempts).toEqual([SOON, SOON + PATIENCE + SOON]);
  });

  it('counts as the first again after a link that lasted', async () => {
    const lasting = new Subject<SubscriberConnection>();
    const { attempts } = attempted((count) => (count === 3 ? lasting : EMPTY));
    await pass(SOON + 3_000);
    lasting.next(link);
    await pass(STEADY);
    lasting.complete();
    await pass(SOON + 1_000);
    const back = SOON + 3_000 + STEADY + SOON;
    expect(attempts).toEqual([SOON, SOON + 1_000, SOON + 3_000, back, back + 1_000]);
  });
});
