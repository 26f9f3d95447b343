import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { createClient } from 'redis';
import { Observable } from 'rxjs';
import { adapterOf } from '../../lib/redis/client.js';
import type { ClientAdapter, SubscriberConnection } from '../../lib/redis/client-adapter.js';
import { redisStore } from '../../lib/redis/store.js';
import { pass, useFakeTime } from '../support/fake-time.js';
import { leaveAll, listen } from './listening.js';

/** ms until a link is made. */
const SOON = 50;

useFakeTime();
beforeEach(() => {
  jest.spyOn(Math, 'random').mockReturnValue(0); // no random delay
});
afterEach(() => {
  leaveAll();
  jest.restoreAllMocks();
});

/** Somebody who listens by a link that refuses the channel until `mend` is called, and the ms between attempts at it. */
function refused() {
  const attempts: number[] = [];
  let refuses = true;
  let drop = () => {};
  const link: SubscriberConnection = {
    subscribe: async () => {
      attempts.push(Date.now());
      if (refuses) throw new Error('NOPERM');
    },
    unsubscribe: () => {},
    ping: async () => {},
    drop: () => drop(),
  };
  const openLink = () =>
    new Observable<SubscriberConnection>((observer) => {
      drop = () => observer.complete();
      observer.next(link);
    });
  const client = createClient();
  jest.spyOn(adapterOf(client) as Required<ClientAdapter>, 'openSubscriber').mockImplementation(openLink);
  return {
    listener: listen(redisStore(client)),
    pauses: () => attempts.slice(1).map((at, i) => at - (attempts[i] as number)),
    mend: () => {
      refuses = false;
    },
    /** The link goes; by the next one the channel is refused again. */
    lose: () => {
      refuses = true;
      attempts.length = 0;
      drop();
    },
  };
}

it('a channel that is refused is asked for again less and less often, but every half a minute', async () => {
  const { listener, pauses } = refused();
  await pass(SOON + 121_000);
  expect(pauses()).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  expect(listener.kinds()).toEqual([]);
});

it('a channel that is refused after it was listened to is asked for as soon as the first time', async () => {
  const { listener, pauses, mend, lose } = refused();
  await pass(SOON + 3_000);
  expect(pauses()).toEqual([1_000, 2_000]);
  mend();
  await pass(4_000);
  expect(listener.kinds()).toEqual(['listening']);
  lose();
  await pass(SOON + 3_000);
  expect(pauses()).toEqual([1_000, 2_000]);
  expect(listener.kinds()).toEqual(['listening', 'deaf']);
});

it('a channel that is refused is asked for no more once nobody listens (G6)', async () => {
  const { listener } = refused();
  await pass(SOON + 3_000);
  listener.leave();
  expect(jest.getTimerCount()).toBe(0);
});
