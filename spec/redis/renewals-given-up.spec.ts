import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { from, type Subscription } from 'rxjs';
import type { ElectionError } from '../../lib/port/errors.js';
import { keysOf } from '../../lib/redis/keys.js';
import { redisStore } from '../../lib/redis/store.js';
import { startProxy } from '../support/proxy.js';
import { until } from '../support/until.js';
import { acquire, callsSoFar, failure, renew, renewRequest } from './ask.js';
import { useRedis } from './use-redis.js';

const redis = useRedis();

describe('renewals in one request', () => {
  const told: string[] = [];

  /**
   * Sends renewals of `a` and `b` to a server that has forgotten the script, or the lease of `b`.
   * The reply arrives when `answer` is called.
   */
  async function sent(forgotten: 'script' | 'lease') {
    const admin = redis.client;
    const tokens = new Map<string, number>();
    for (const key of ['a', 'b']) tokens.set(key, (await acquire(redisStore(admin), { key })).token ?? 0);
    const request = (key: string) => renewRequest({ key, token: tokens.get(key) ?? 0 });
    await Promise.all(['a', 'b'].map((key) => renew(redisStore(admin), request(key)))); // now the server knows the script
    if (forgotten === 'script') await admin.scriptFlush();
    else await admin.del(keysOf('b').lease);
    const proxy = await startProxy({ target: redis.server });
    const client = await redis.server.client({ url: proxy.url });
    const before = await callsSoFar(admin);
    proxy.swallow('toClient');
    told.length = 0;
    const [a, b] = ['a', 'b'].map((key) =>
      from(redisStore(client).renew(request(key))).subscribe({
        next: ({ status }) => told.push(`${key} ${status}`),
        error: ({ code }: ElectionError) => told.push(`${key} ${code}`),
      }),
    ) as [Subscription, Subscription];
    const calls = async () => {
      const { evalsha, eval: text } = await callsSoFar(admin);
      return { evalsha: evalsha - before.evalsha, eval: text - before.eval };
    };
    await until(async () => (await calls()).evalsha === 1);
    /** Resolves once all requests that follow from the reply are done. */
    const answer = async () => {
      proxy.heal();
      for (let turn = 0; turn < 3; turn++) await client.ping();
    };
    return { a, b, calls, answer, proxy, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() };
  }

  it('are not sent again, together or alone, once all are unsubscribed', async () => {
    await using both = await sent('script');
    both.a.unsubscribe();
    both.b.unsubscribe();
    await both.answer(); // the hash is unknown
    expect(await both.calls()).toEqual({ evalsha: 1, eval: 0 });
    expect(told).toEqual([]);
  });

  it('are sent again together for the one that is still subscribed', async () => {
    await using both = await sent('script');
    both.a.unsubscribe();
    await both.answer();
    expect(await both.calls()).toEqual({ evalsha: 1, eval: 1 });
    expect(told).toEqual(['b renewed']);
  });

  it('fail at once, each with the reason, if the connection is lost', async () => {
    await using both = await sent('script');
    await both.proxy.refuse();
    await until(() => told.length === 2);
    expect(told).toEqual(['a STORE_UNAVAILABLE', 'b STORE_UNAVAILABLE']);
    expect(await both.calls()).toEqual({ evalsha: 1, eval: 0 });
  });

  it('are not sent alone if unsubscribed', async () => {
    await using both = await sent('lease');
    both.b.unsubscribe();
    await both.answer();
    expect(await both.calls()).toEqual({ evalsha: 1, eval: 0 });
    expect(told).toEqual(['a renewed']);
  });
});

describe('renewals of one turn', () => {
  it('each fail with the reason if the connection is lost before they are sent', async () => {
    const refuse = async () => expect('a client without a connection').toBe('asked');
    const single = {
      options: {},
      duplicate() {},
      connect() {},
      destroy() {},
      unref() {},
      subscribe() {},
      unsubscribe() {},
    };
    const client = Object.assign(new EventEmitter(), single, {
      isOpen: true,
      isReady: true,
      eval: refuse,
      evalSha: refuse,
    });
    const asked = ['a', 'b'].map((key) => failure(renew(redisStore(client as never), { key, timeout: 50 })));
    client.isReady = false;
    const errors = await Promise.all(asked);
    expect(errors.map(({ code, message }) => [code, message])).toEqual(
      ['a', 'b'].map((key) => ['STORE_UNAVAILABLE', `renew of "${key}" failed: the client is not connected`]),
    );
  });
});
