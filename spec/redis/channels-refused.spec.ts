import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { createClient } from 'redis';
import { Observable } from 'rxjs';
import { adapterOf } from '../../lib/redis/client.js';
import type { ClientAdapter, SubscriberConnection } from '../../lib/redis/client-adapter.js';
import { redisStore } from '../../lib/redis/store.js';
import { pass, useFakeTime } from '../support/fake-time.js';
import { leaveAll, listen } from './listening.js';

/** ms until a connection is opened. */
const SOON = 50;

useFakeTime();
beforeEach(() => {
  jest.spyOn(Math, 'random').mockReturnValue(0); // no random delay
});
afterEach(() => {
  leaveAll();
  jest.restoreAllMocks();
});

/** A listener whose channel is refused until `mend` is called, and the ms between attempts. */
function refused() {
  const attempts: number[] = [];
  let refuses = true;
  let drop = () => {};
  const connection: SubscriberConnection = {
    subscribe: async () => {
      attempts.push(Date.now());
      if (refuses) throw new Error('NOPERM');
    },
    unsubscribe: () => {},
    ping: async () => {},
    drop: () => drop(),
  };
  const open = () =>
    new Observable<SubscriberConnection>((observer) => {
      drop = () => observer.complete();
      observer.next(connection);
    });
  const client = createClient();
  jest.spyOn(adapterOf(client) as Required<ClientAdapter>, 'openSubscriber').mockImplementation(open);
  return {
    listener: listen(redisStore(client)),
    pauses: () => attempts.slice(1).map((at, i) => at - (attempts[i] as number)),
    mend: () => {
      refuses = false;
    },
    /** Loses the connection. The next one refuses the channel again. */
    lose: () => {
      refuses = true;
      attempts.length = 0;
      drop();
    },
  };
}

it('a refused channel is retried less and less often, down to every half minute', async () => {
  const { listener, pauses } = refused();
  await pass(SOON + 121_000);
  expect(pauses()).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  expect(listener.kinds()).toEqual([]);
});

it('a channel that is refused after it was subscribed is retried as soon as the first time', async () => {
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

it('a refused channel is not retried once nobody listens (G6)', async () => {
  const { listener } = refused();
  await pass(SOON + 3_000);
  listener.leave();
  expect(jest.getTimerCount()).toBe(0);
});
