import { beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../../support/until.js';
import { useRedis } from '../use-redis.js';
import { LONG, ScriptBench } from './bench.js';

const redis = useRedis();
let bench: ScriptBench;
let heard: string[];

beforeEach(async () => {
  bench = new ScriptBench(redis.client);
  const messages: string[] = [];
  heard = messages;
  const subscriber = await redis.server.client();
  await subscriber.subscribe(bench.keys.channel, (message) => messages.push(message));
});

/** The messages received once everything published so far has arrived. */
async function messages(): Promise<unknown[]> {
  await redis.client.publish(bench.keys.channel, '"end"');
  await until(() => heard.includes('"end"'));
  return heard.filter((message) => message !== '"end"').map((message) => JSON.parse(message));
}

describe('the channel', () => {
  it('receives an election: holder, full token, until by the server’s clock, and ttl', async () => {
    const { token, until: till } = await bench.acquire({ id: 'me', name: 'my name', data: 'http://me' });
    expect(await messages()).toEqual([
      { event: 'elected', id: 'me', name: 'my name', data: 'http://me', token, until: till, ttl: LONG },
    ]);
    expect(heard[0]).toContain(`"token":${token}`); // 16 digits, none of them rounded
  });

  it('receives a token of 2⁵³ exactly', async () => {
    await bench.putRecord({ token: String(2 ** 53 - 2), id: 'before', until: '0' });
    await bench.acquire();
    await messages();
    expect(heard[0]).toContain('"token":9007199254740991,');
  });

  it('receives a release with its holder', async () => {
    await bench.acquire({ id: 'me' });
    await bench.release('me');
    expect((await messages()).slice(1)).toEqual([{ event: 'released', id: 'me' }]);
  });

  it('receives the successor: the latest candidate that receives releases', async () => {
    await bench.acquire({ id: 'me' });
    for (const [id, hears] of [
      ['early', true],
      ['late', true],
      ['deaf', false],
    ] as const) {
      await bench.acquire({ id, hears });
      await bench.pastThisMs();
    }
    await bench.release('me');
    expect((await messages()).at(-1)).toEqual({ event: 'released', id: 'me', successor: 'late' });
  });

  it('receives the requested successor, and none if all are deaf', async () => {
    await bench.acquire({ id: 'me' });
    await bench.acquire({ id: 'other' });
    await bench.release('me', 'wished for');
    await bench.acquire({ id: 'other' }); // which removes it from the list
    await bench.acquire({ id: 'deaf', hears: false });
    await bench.release('other');
    const releases = (await messages()).filter((message) => (message as { event: string }).event === 'released');
    expect(releases).toEqual([
      { event: 'released', id: 'me', successor: 'wished for' },
      { event: 'released', id: 'other' },
    ]);
  });

  it('receives the release of a lease that had vanished', async () => {
    await bench.acquire({ id: 'me' });
    await bench.loseLease();
    await bench.release('me');
    expect((await messages()).slice(1)).toEqual([{ event: 'released', id: 'me' }]);
  });

  it('receives any text quoted', async () => {
    const odd = '"quoted"\\ /slashed/ \u0001\n\t\u2028 ключ 🗝';
    await bench.acquire({ id: odd, name: odd, data: odd });
    await bench.release(odd);
    expect(await messages()).toEqual([
      expect.objectContaining({ id: odd, name: odd, data: odd }),
      { event: 'released', id: odd },
    ]);
  });

  it('receives a cut of any holder’s lease', async () => {
    await bench.putLease('"foreign"', 100 * LONG);
    await bench.acquire({ id: 'me', ttl: LONG });
    expect(await messages()).toEqual([{ event: 'cut', id: '"foreign"' }]);
  });

  it('receives nothing else', async () => {
    await bench.putLease('foreign', LONG);
    await bench.acquire({ id: 'me' }); // held
    await bench.renew({ id: 'me' }); // lost
    await bench.release('me'); // gone
    await bench.read();
    await bench.loseLease();
    await bench.acquire({ id: 'me', seen: 7 }); // suspect
    await bench.acquire({ id: 'me', notAfter: 1 }); // late
    await bench.renew({ id: 'me', token: 7 }); // restored
    await bench.renew({ id: 'me', token: 7 });
    await bench.acquire({ id: 'me' }); // granted before
    expect(await messages()).toEqual([]);
  });

  it('may be forbidden: grants and releases still work', async () => {
    await redis.client.aclSetUser('mute', ['on', '>pw', '~*', 'resetchannels', '+@all']);
    const mute = new ScriptBench(await redis.server.client({ username: 'mute', password: 'pw' }));
    expect((await mute.acquire({ id: 'me' })).status).toBe('granted');
    expect((await mute.release('me')).status).toBe('released');
    expect(await messages()).toEqual([]);
  });
});
