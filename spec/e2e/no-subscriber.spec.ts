import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type Election, elect, type Holder, observe, replicated } from 'rx-leader';
import { accepted } from '../redis/listening.js';
import type { Client } from '../support/redis.js';
import { type Replicated, startReplicated } from '../support/replicated.js';
import { until } from '../support/until.js';

const TTL = 1_000;

let servers: Replicated;
let redis: Client;
let connectionsBefore: number;
let warned: jest.SpiedFunction<typeof process.emitWarning>;
const elections: Election[] = [];

beforeAll(async () => {
  servers = await startReplicated();
  redis = await servers.master.client();
  await servers.caughtUp();
});
beforeEach(async () => {
  warned = jest.spyOn(process, 'emitWarning').mockImplementation(() => {});
  connectionsBefore = await accepted(servers.admin);
});
afterEach(async () => {
  await Promise.all(elections.splice(0).map((election) => election.close()));
  warned.mockRestore();
});
afterAll(async () => {
  await servers?.[Symbol.asyncDispose]();
});

/** Long enough for a subscriber connection to open and for every candidate to ask again. */
async function anotherTry(): Promise<void> {
  const begun = performance.now();
  await until(() => performance.now() - begun > 0.7 * TTL);
}

const opened = async () => (await accepted(servers.admin)) - connectionsBefore;

function stand(options: object = { redis, subscriber: false }): Election {
  const election = elect({ key: 'k', ttl: TTL, jitter: 0, ...options } as Parameters<typeof elect>[0]);
  elections.push(election);
  election.subscribe();
  return election;
}

describe('subscriber: false', () => {
  it('opens no connection, gives no warning, and elects by timers (G5)', async () => {
    const a = stand();
    await until(() => a.isLeading);
    const b = stand();
    await until(() => b.role === 'follower');
    const closed = performance.now();
    await a.close();
    await until(() => b.isLeading, { every: 2 });
    expect((performance.now() - closed) / TTL).toBeLessThan(1);
    expect(await opened()).toBe(0);
    expect(await servers.admin.pubSubChannels('*')).toEqual([]);
    expect(warned).not.toHaveBeenCalled();
  });

  it('opens no connection for an observer, which sees a change at its next read', async () => {
    const seen: Array<Holder | undefined> = [];
    const subscription = observe({ redis, key: 'k', every: 50, subscriber: false }).subscribe((it) => seen.push(it));
    await until(() => seen.length === 1);
    const a = stand();
    await until(() => seen.length === 2);
    await anotherTry();
    expect(seen.map((holder) => holder?.id)).toEqual([undefined, a.term?.id]);
    subscription.unsubscribe();
    expect(await opened()).toBe(0);
  });

  it('leaves replicated only the connection that waits for replicas', async () => {
    const a = stand({ store: replicated(redis, { replicas: 1, subscriber: false }) });
    await until(() => a.isLeading);
    await anotherTry();
    expect(await opened()).toBe(1);
  });

  it('opens none beside elections of the same client that have one', async () => {
    const a = stand({ redis, key: 'with notices' });
    // Its own and the inbox.
    await until(async () => (await servers.admin.pubSubChannels('*leader:*')).length > 1);
    const channels = await servers.admin.pubSubChannels('*leader:*');
    const b = stand();
    await until(() => a.isLeading && b.isLeading);
    await anotherTry();
    expect(await opened()).toBe(1);
    expect((await servers.admin.pubSubChannels('*leader:*')).sort()).toEqual(channels.sort());
  });

  it('is never named as the successor, since no notice reaches it', async () => {
    const a = stand({ redis, key: 'k', ttl: TTL });
    await until(() => a.isLeading);
    const b = stand();
    await until(() => b.role === 'follower');
    await anotherTry();
    const notices: unknown[] = [];
    const listener = await servers.master.client();
    await listener.pSubscribe('{leader:*', (text) => void notices.push(JSON.parse(text)));
    const { id } = a.term ?? {};
    await a.close();
    await until(() => notices.length > 0);
    expect(notices[0]).toEqual({ event: 'released', id });
  });
});
