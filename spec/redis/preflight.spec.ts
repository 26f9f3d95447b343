import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Redis } from 'ioredis';
import { createClient, createClientPool, RESP_TYPES } from 'redis';
import { type Election, type ElectionOptions, elect } from 'rx-leader';
import type { CandidateReply } from '../../lib/port/lease-store.js';
import { adapterOf, type RedisClient } from '../../lib/redis/client.js';
import { keysOf } from '../../lib/redis/keys.js';
import { type PreflightRequest, preflightOf } from '../../lib/redis/preflight.js';
import { pass, useFakeTime } from '../support/fake-time.js';
import { startProxy } from '../support/proxy.js';
import { type Client, EVICTS, REPLICATES, startRedis } from '../support/redis.js';
import { startReplica } from '../support/replicated.js';
import { until } from '../support/until.js';
import { callsSoFar } from './ask.js';

const LOOKS = 3;

const request: PreflightRequest = { key: 'preflight', ttl: 1_000, timeout: 100 };

const elections: Election[] = [];
let warned: jest.SpiedFunction<typeof process.emitWarning>;

beforeEach(() => {
  warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
});

afterEach(async () => {
  for (const election of elections.splice(0)) await election.close();
  warned.mockRestore();
});

/** Runs a candidate until the end of the spec. */
function stand(redis: ElectionOptions['redis'], options: Partial<ElectionOptions> = {}): Election {
  const election = elect({ key: 'preflight', ttl: 20_000, ...options, redis } as ElectionOptions);
  election.subscribe();
  elections.push(election);
  return election;
}

/** Counts the checks through `client`, sent and answered. Each is answered once `held` resolves. */
function looksOf(client: Client, held: Promise<unknown> = Promise.resolve()): { made: number; answered: number } {
  const looks = { made: 0, answered: 0 };
  const port = adapterOf(client);
  const evaluate = port.eval.bind(port);
  jest.spyOn(port, 'eval').mockImplementation(async (script, options, signal) => {
    if (!script.includes('maxmemory_policy')) return evaluate(script, options, signal);
    looks.made += 1;
    try {
      return await held.then(() => evaluate(script, options, signal));
    } finally {
      looks.answered += 1;
    }
  });
  return looks;
}

/** Runs only the preflight of `client`, to its end. */
async function lookedAt(client: Client): Promise<void> {
  const looking = preflightOf(client)
    .run({ ...request, timeout: 10_000 })
    .subscribe(); // a slow machine must not count as distance
  await until(() => looking.closed, { what: 'the look to be over' });
}

const codes = () => warned.mock.calls.map(([, options]) => (options as { code?: string }).code);

/** The warnings once all checks are answered, one turn of the event loop later. */
async function codesAfter(looks: { answered: number }): Promise<unknown[]> {
  await until(() => looks.answered === LOOKS);
  await new Promise((resolve) => setImmediate(resolve));
  return codes();
}

describe('the check of the server by the first candidate of a client', () => {
  it('warns of a Redis that evicts, with a type and a code, once for each client', async () => {
    await using server = await startRedis({ args: ['--maxmemory', '100mb', '--maxmemory-policy', 'volatile-lru'] });
    const client = await server.client();
    const looks = looksOf(client);
    stand(client);
    expect(await codesAfter(looks)).toEqual(['RX_LEADER_EVICTION']);
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('maxmemory-policy is volatile-lru'), {
      type: 'RxLeaderWarning',
      code: 'RX_LEADER_EVICTION',
    });

    const another = stand(client, { key: 'another' });
    await until(() => another.isLeading);
    expect(looks.made).toBe(LOOKS);
    expect(codes()).toHaveLength(1);

    const other = await server.client();
    const others = looksOf(other);
    stand(other);
    expect(await codesAfter(others)).toHaveLength(2);
  });

  it.each([
    ['without maxmemory', ['--maxmemory-policy', 'allkeys-lru']],
    ['that refuses writes instead', ['--maxmemory', '100mb', '--maxmemory-policy', 'noeviction']],
  ])('does not warn of a Redis %s', async (_, args) => {
    await using server = await startRedis({ args });
    const client = await server.client();
    const looks = looksOf(client);
    stand(client);
    expect(await codesAfter(looks)).toEqual([]);
  });

  it('warns with ioredis as well', async () => {
    await using server = await startRedis({ args: EVICTS });
    const client = new Redis(server.port, server.host);
    await using _ = { [Symbol.asyncDispose]: async () => client.disconnect() };
    const election = stand(client);
    await until(() => codes().length > 0);
    expect(codes()).toEqual(['RX_LEADER_EVICTION']);
    await election.close();
  });

  it('warns of a replica', async () => {
    await using master = await startRedis({ args: REPLICATES });
    await using replica = await startReplica(master);
    const client = await replica.client();
    const looks = looksOf(client);
    stand(client);
    expect(await codesAfter(looks)).toEqual(['RX_LEADER_REPLICA']);
  });

  it('warns of a replica also if only that section of INFO is allowed', async () => {
    await using master = await startRedis({ args: REPLICATES });
    await using replica = await startReplica(master);
    const admin = await replica.client();
    await admin.sendCommand([
      'ACL',
      'SETUSER',
      'app',
      'on',
      '>secret',
      '~*',
      '&*',
      '+@all',
      '-info',
      '+info|replication',
    ]);
    const client = await replica.client({ username: 'app', password: 'secret' });
    await lookedAt(client);
    expect(codes()).toEqual(['RX_LEADER_REPLICA']);
  });

  it('reads replies that a client maps to other types', async () => {
    await using server = await startRedis({ args: ['--maxmemory', '100mb', '--maxmemory-policy', 'noeviction'] });
    const client = await server.client({ commandOptions: { typeMapping: { [RESP_TYPES.BLOB_STRING]: Buffer } } });
    await lookedAt(client);
    expect(codes()).toEqual([]);
  });

  it('passes the lease key, so that a cluster uses the server of the lease', async () => {
    await using server = await startRedis();
    const client = await server.client();
    const evaluate = jest.spyOn(adapterOf(client), 'eval');
    await lookedAt(client);
    expect(evaluate.mock.calls.map(([, { keys }]) => keys)).toEqual(Array(LOOKS).fill([keysOf('preflight').lease]));
  });

  it('warns of a ttl that is too short for the distance, and of no other', async () => {
    await using server = await startRedis();
    await using proxy = await startProxy({ target: server });
    proxy.delay(200); // each way, far more than a slow machine adds
    for (const [ttl, expected] of [
      [100_000, []],
      [6_000, ['RX_LEADER_SHORT_TTL']],
    ] as const) {
      const client = await server.client({ url: proxy.url });
      const looks = looksOf(client);
      stand(client, { key: `${ttl}`, ttl });
      expect(await codesAfter(looks)).toEqual(expected);
    }
    expect(warned).toHaveBeenCalledWith(
      expect.stringMatching(/took ([4-9]\d\d|\d{4}) ms.+timeout of 600 ms and a ttl of 6000 ms/),
      expect.anything(),
    );
  });

  it('does not warn of distance after one slow reply', async () => {
    await using server = await startRedis();
    const client = await server.client();
    const looks = looksOf(client);
    await server.client().then((other) => other.sendCommand(['CLIENT', 'PAUSE', '400', 'ALL']));
    stand(client);
    expect(await codesAfter(looks)).toEqual([]);
  });
});

describe('a check', () => {
  it('is not made if it is disabled', async () => {
    await using server = await startRedis({ args: EVICTS });
    const client = await server.client();
    const looks = looksOf(client);
    const election = stand(client, { preflight: false });
    await until(() => election.isLeading);
    expect(looks.made).toBe(0);
    expect(codes()).toEqual([]);
  });

  it.each([
    ['INFO', '-info', LOOKS],
    ['EVAL', '-eval', 1],
  ])('without permission for %s warns of nothing, and the election goes on', async (_, rule, answers) => {
    await using server = await startRedis({ args: EVICTS });
    const admin = await server.client();
    // The server knows the script, so that the election itself needs no EVAL.
    const first = stand(admin, { preflight: false });
    await until(() => first.isLeading);
    await first.close();
    await admin.sendCommand(['ACL', 'SETUSER', 'app', 'on', '>secret', '~*', '&*', '+@all', rule]);
    const client = await server.client({ username: 'app', password: 'secret' });
    const looks = looksOf(client);
    const election = stand(client);
    await until(() => election.isLeading && looks.answered === answers);
    expect(codes()).toEqual([]);
  });

  it('is sent once the client is ready', async () => {
    await using server = await startRedis({ args: EVICTS });
    const client = createClient({ url: server.url });
    client.on('error', () => {});
    await using _ = { [Symbol.asyncDispose]: async () => client.destroy() };
    const looks = looksOf(client as Client);
    const election = stand(client);
    expect(looks.made).toBe(0);
    await client.connect();
    await until(() => election.isLeading);
    expect(await codesAfter(looks)).toEqual(['RX_LEADER_EVICTION']);
    await election.close();
  });

  it('goes on if the client emits ready again', async () => {
    await using server = await startRedis({ args: EVICTS });
    const client = createClient({ url: server.url });
    client.on('error', () => {});
    await using _ = { [Symbol.asyncDispose]: async () => client.destroy() };
    let answer = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const looks = looksOf(client as Client, held);
    const looking = preflightOf(client).run(request).subscribe();
    await client.connect();
    await until(() => looks.made === 1);
    client.emit('ready');
    answer();
    expect(await codesAfter(looks)).toEqual(['RX_LEADER_EVICTION']);
    looking.unsubscribe();
  });

  it('leaves no listener on a client that was never ready', () => {
    const client = createClient();
    client.on('error', () => {});
    const listeners = () => client.listenerCount('ready') + client.listenerCount('error');
    const looking = preflightOf(client).run(request).subscribe();
    expect(listeners()).toBe(3);
    looking.unsubscribe();
    expect(listeners()).toBe(1);
  });

  it('completes once it is done, and at once if it was done before', async () => {
    await using server = await startRedis();
    const client = await server.client();
    const looks = looksOf(client);
    await lookedAt(client);
    expect(looks.answered).toBe(LOOKS);
    expect(preflightOf(client).run(request).subscribe().closed).toBe(true);
    expect(looks.made).toBe(LOOKS);
  });

  it('does not warn after its election has ended', async () => {
    await using server = await startRedis({ args: EVICTS });
    await using proxy = await startProxy({ target: server });
    const admin = await server.client();
    const client = await server.client({ url: proxy.url });
    const before = await callsSoFar(admin);
    proxy.swallow('toClient');
    const looking = preflightOf(client)
      .run({ ...request, timeout: 1 })
      .subscribe();
    await until(async () => (await callsSoFar(admin)).eval > before.eval);
    looking.unsubscribe();
    proxy.heal();
    await client.ping();
    await new Promise((resolve) => setImmediate(resolve));
    expect(codes()).toEqual([]);
    expect((await callsSoFar(admin)).eval).toBe(before.eval + 1);
  });

  it('is not sent if its election ends while it waits for a pool connection', async () => {
    await using server = await startRedis();
    const admin = await server.client();
    const pool = createClientPool({ url: server.url }, { minimum: 1, maximum: 1 });
    pool.on('error', () => {});
    await pool.connect();
    const busy = pool.blPop('busy', 0);
    const looking = preflightOf(pool as unknown as RedisClient)
      .run(request)
      .subscribe();
    looking.unsubscribe();
    await admin.rPush('busy', 'no more');
    await busy;
    await pool.ping();
    expect((await callsSoFar(admin)).eval).toBe(0);
    await pool.close();
  });

  it('without a reply delays nothing, and the next election repeats it', async () => {
    await using server = await startRedis({ args: EVICTS });
    const client = await server.client();
    let answer = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const first = looksOf(client, held);
    const election = stand(client);
    await until(() => election.isLeading);
    await election.close();
    answer();
    await until(() => first.answered === 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(codes()).toEqual([]);

    jest.mocked(adapterOf(client).eval).mockRestore();
    const looks = looksOf(client);
    stand(client);
    expect(await codesAfter(looks)).toEqual(['RX_LEADER_EVICTION']);
  });

  it('follows the first attempt, and ignores an invalid reply', async () => {
    const order: string[] = [];
    const call = (what: string) => async () => {
      order.push(what);
      return what === 'attempt' ? Promise.reject(new Error('refused')) : 'nonsense';
    };
    const nothing = () => {};
    const client = { eval: call('look'), evalSha: call('attempt'), on: nothing, off: nothing, isOpen: true };
    stand(client);
    await until(() => order.filter((each) => each === 'look').length === LOOKS);
    expect(order.slice(0, 2)).toEqual(['attempt', 'look']);
    expect(codes()).toEqual(['RX_LEADER_NO_NOTICES']); // this client cannot be duplicated
  });
});

describe('the evaluation of the replies', () => {
  useFakeTime();

  /**
   * The warnings for a server with this reply, sent once for each of `times`, ms of a round trip.
   */
  async function saidOf(times: readonly number[], answer = ['0', 'noeviction', 'master']): Promise<unknown[]> {
    const left = [...times];
    const evaluate = () => {
      const time = left.shift();
      return new Promise((resolve) => time !== undefined && setTimeout(resolve, time, answer));
    };
    const nothing = () => {};
    const client = { eval: evaluate, evalSha: evaluate, on: nothing, off: nothing, isOpen: true } as RedisClient;
    const looking = preflightOf(client).run(request).subscribe();
    await pass(1_000);
    looking.unsubscribe();
    return codes();
  }

  it('warns of distance if the shortest round trip takes over half a timeout', async () => {
    expect(await saidOf([53, 51, 52])).toEqual(['RX_LEADER_SHORT_TTL']);
    expect(warned).toHaveBeenCalledWith(
      'A round trip to Redis took 51 ms, the shortest of 3: too long for a timeout of 100 ms and a ttl of 1000 ms. Give a longer ttl',
      expect.anything(),
    );
  });

  it.each([
    ['first', [50, 99, 99]],
    ['second', [99, 50, 99]],
    ['last', [99, 99, 50]],
  ])('does not warn if the %s takes at most that', async (_, times) => {
    expect(await saidOf(times)).toEqual([]);
  });

  it('warns by the first reply, even without another', async () => {
    expect(await saidOf([1], ['1', 'allkeys-lru', 'slave'])).toEqual(['RX_LEADER_EVICTION', 'RX_LEADER_REPLICA']);
  });

  it('does not warn if the server hides its eviction policy', async () => {
    expect(await saidOf([1, 1, 1], ['1', '', 'master'])).toEqual([]);
  });
});

describe('a failed check', () => {
  /** A client that replies only on request. */
  function asked() {
    const pending: Array<{ resolve(answer: readonly string[]): void; reject(error: Error): void }> = [];
    const evaluate = () => new Promise((resolve, reject) => pending.push({ resolve, reject }));
    const client = Object.assign(new EventEmitter(), { eval: evaluate, evalSha: evaluate, isOpen: true });
    const looking = () =>
      preflightOf(client as RedisClient)
        .run(request)
        .subscribe();
    const settle = (at: number, by: 'resolve' | 'reject') => {
      if (by === 'resolve') pending[at]?.resolve(['1', 'allkeys-lru', 'master']);
      else pending[at]?.reject(new Error('refused'));
      return new Promise<void>((resolve) => setImmediate(resolve));
    };
    return { client, looking, settle, count: () => pending.length };
  }

  it('is repeated on the next connection if the first request fails', async () => {
    const { client, looking, settle, count } = asked();
    const one = looking();
    await settle(0, 'reject');
    expect([count(), one.closed]).toEqual([1, false]);
    client.emit('ready');
    await settle(1, 'resolve');
    expect(codes()).toEqual(['RX_LEADER_EVICTION']);
    expect(count()).toBe(3);
    one.unsubscribe();
    expect(client.eventNames()).toEqual([]);
  });

  it('is done after the first reply, whose warnings were emitted', async () => {
    const { client, looking, settle, count } = asked();
    const one = looking();
    await settle(0, 'resolve');
    await settle(1, 'reject');
    expect(one.closed).toBe(true);
    client.emit('ready');
    expect([codes(), count()]).toEqual([['RX_LEADER_EVICTION'], 2]);
  });

  it('does not disturb the next check after its election has ended', async () => {
    const { looking, settle, count } = asked();
    looking().unsubscribe();
    const next = looking();
    await settle(0, 'reject');
    expect(looking().closed).toBe(true);
    expect(count()).toBe(2);
    next.unsubscribe();
  });
});

describe('a lease that is longer than the ttl', () => {
  it('is reported if more than a twentieth of the ttl was cut', () => {
    const held = { status: 'held', holder: { id: 'other', name: '', expiresIn: 1_000 } } as const;
    const heed = (cut: number) => preflightOf({} as RedisClient).onReply({ ...held, cut } as CandidateReply, request);
    heed(1_050);
    expect(codes()).toEqual([]);
    heed(1_051);
    expect(codes()).toEqual(['RX_LEADER_OTHER_TTL']);
  });

  /** The warning codes of a candidate with `options` beside a leader with a ttl of 100 s. */
  async function beside(options: Partial<ElectionOptions>): Promise<unknown[]> {
    await using server = await startRedis();
    const leader = stand(await server.client(), { ttl: 100_000 });
    await until(() => leader.isLeading);
    const follower = stand(await server.client(), options);
    await until(() => follower.role === 'follower');
    const said = codes();
    for (const election of elections.splice(0)) await election.close();
    return said;
  }

  it('is reported when it is cut: another candidate has another ttl', async () => {
    const code = 'RX_LEADER_OTHER_TTL';
    expect(await beside({ ttl: 90_000 })).toEqual([code]);
    const text =
      /^The lease of "preflight" was to last another (9\d{4}|100000) ms, longer than the ttl of 90000 ms here/;
    expect(warned).toHaveBeenCalledWith(expect.stringMatching(text), { type: 'RxLeaderWarning', code });
  });

  it.each([
    ['it is the same', { ttl: 100_000 }],
    ['the own one is longer', { ttl: 200_000 }],
    ['that is switched off', { ttl: 90_000, preflight: false }],
  ])('is not reported if %s', async (_, options) => {
    expect(await beside(options)).toEqual([]);
  });

  it('is reported once for each election, however often it is cut', async () => {
    await using server = await startRedis();
    const client = await server.client();
    await client.set(keysOf('preflight').lease, 'go', { expiration: { type: 'PX', value: 60_000 } });
    const election = stand(client, { ttl: 5_000, wait: 20 });
    await until(() => election.role === 'follower');
    await client.set(keysOf('preflight').lease, 'go', { expiration: { type: 'PX', value: 60_000 } });
    await until(async () => (await client.pTTL(keysOf('preflight').lease)) <= 5_000);
    expect(codes()).toEqual(['RX_LEADER_OTHER_TTL']);
    await election.close();
  });

  it('is not reported if a clock was set back by a little', async () => {
    await using server = await startRedis();
    const client = await server.client();
    const looks = looksOf(client);
    await client.set(keysOf('preflight').lease, 'go', { expiration: { type: 'PX', value: 20_800 } });
    const election = stand(client);
    await until(() => election.role === 'follower');
    expect(await codesAfter(looks)).toEqual([]);
  });
});
