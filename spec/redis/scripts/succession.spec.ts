import { beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../../support/until.js';
import { useRedis } from '../use-redis.js';
import { ScriptBench } from './bench.js';

const redis = useRedis();
const INBOX = 'leader:inbox:a';
const OTHER_INBOX = 'leader:inbox:b';
let bench: ScriptBench;
let heard: Array<readonly [string, string]>;

beforeEach(async () => {
  bench = new ScriptBench(redis.client);
  heard = [];
  const all = heard;
  const subscriber = await redis.server.client();
  await subscriber.subscribe([bench.keys.channel, INBOX, OTHER_INBOX], (text, from) => all.push([from, text]));
  await bench.acquire({ id: 'me' });
  await bench.acquire({ id: 'early', inbox: OTHER_INBOX });
  await bench.pastThisMs();
  await bench.acquire({ id: 'late', inbox: INBOX });
});

/** What has been heard since the election of `me`, once everything published so far has arrived. */
async function messages(): Promise<Array<readonly [string, unknown]>> {
  const ends = () => heard.filter(([, text]) => text === '"end"').length;
  const before = ends();
  await redis.client.publish(bench.keys.channel, '"end"');
  await until(() => ends() > before);
  return heard
    .filter(([, text]) => text !== '"end"')
    .slice(1)
    .map(([from, text]) => [from, JSON.parse(text)] as const);
}

const quiet = { quiet: true };
const listed = async () => (await bench.list()).rest.filter((_, i) => i % 2 === 0).map((text) => JSON.parse(text).id);

describe('a quiet release', () => {
  it('is told to the successor alone, in its inbox, and of which election', async () => {
    expect(await bench.release('me', '', quiet)).toMatchObject({ status: 'released', rest: ['late'] });
    const { channel } = bench.keys;
    expect(await messages()).toEqual([[INBOX, { event: 'released', id: 'me', successor: 'late', channel }]]);
  });

  it('is told to the one that is wished for', async () => {
    expect(await bench.release('me', 'early', quiet)).toMatchObject({ status: 'released', rest: ['early'] });
    expect(await messages()).toEqual([[OTHER_INBOX, expect.objectContaining({ successor: 'early' })]]);
  });

  describe('to the one whose name is wished for', () => {
    beforeEach(async () => {
      await bench.acquire({ id: 'web/1', name: 'web', inbox: OTHER_INBOX });
      await bench.pastThisMs();
    });

    it('is told to it', async () => {
      expect(await bench.release('me', 'web', quiet)).toMatchObject({ status: 'released', rest: ['web/1'] });
      expect(await messages()).toEqual([[OTHER_INBOX, expect.objectContaining({ successor: 'web/1' })]]);
    });

    it('is told to the one that asked last, of two with that name', async () => {
      await bench.acquire({ id: 'web/2', name: 'web', inbox: INBOX });
      expect(await bench.release('me', 'web', quiet)).toMatchObject({ rest: ['web/2'] });
    });

    it('is told to the one that receives notices, of two with that name', async () => {
      await bench.acquire({ id: 'web/2', name: 'web', hears: false });
      expect(await bench.release('me', 'web', quiet)).toMatchObject({ rest: ['web/1'] });
    });

    it('is told to the other of two with that name where the first does not come', async () => {
      await bench.acquire({ id: 'web/2', name: 'web', inbox: INBOX });
      await bench.release('me', 'web', quiet);
      await bench.release('me', 'web', { absent: 'web/2' });
      expect((await messages()).at(-1)).toEqual([
        bench.keys.channel,
        { event: 'released', id: 'me', successor: 'web/1' },
      ]);
    });

    it('is told to the candidate whose id that is, if there is one, whoever asked last', async () => {
      await bench.acquire({ id: 'web', inbox: INBOX });
      await bench.pastThisMs();
      await bench.acquire({ id: 'web/2', name: 'web', inbox: OTHER_INBOX });
      expect(await bench.release('me', 'web', quiet)).toMatchObject({ rest: ['web'] });
    });

    it('is told to everyone, with its id, where no notices reach any of that name', async () => {
      await bench.withdraw('web/1', { name: 'web', inbox: OTHER_INBOX });
      await bench.acquire({ id: 'web/2', name: 'web', hears: false });
      expect(await bench.release('me', 'web', quiet)).toMatchObject({ rest: [''] });
      expect(await messages()).toEqual([[bench.keys.channel, { event: 'released', id: 'me', successor: 'web/2' }]]);
    });

    it('is never told to the one that leaves, whose name that is as well', async () => {
      await bench.release('me');
      await bench.acquire({ id: 'web/3', name: 'web' });
      expect(await bench.release('web/3', 'web', quiet)).toMatchObject({ rest: ['web/1'] });
    });
  });

  it.each(['nobody', 'deaf'])(
    'is told to everyone where %s is wished for, who cannot be told alone',
    async (wished) => {
      await bench.acquire({ id: 'deaf', inbox: INBOX, hears: false });
      expect(await bench.release('me', wished, quiet)).toMatchObject({ status: 'released', rest: [''] });
      expect(await messages()).toEqual([[bench.keys.channel, { event: 'released', id: 'me', successor: wished }]]);
    },
  );

  it('is told to everyone where who is listed has no inbox', async () => {
    await bench.withdraw('early', { inbox: OTHER_INBOX });
    await bench.withdraw('late', { inbox: INBOX });
    await bench.acquire({ id: 'plain' });
    expect(await bench.release('me', '', quiet)).toMatchObject({ status: 'released', rest: [''] });
    expect(await messages()).toEqual([[bench.keys.channel, { event: 'released', id: 'me', successor: 'plain' }]]);
  });

  it('is told to everyone where it may not be told to the successor', async () => {
    await redis.client.aclSetUser('silenced', [
      'on',
      '>secret',
      '~*',
      '+@all',
      'resetchannels',
      `&${bench.keys.channel}`,
    ]);
    const silenced = new ScriptBench(await redis.server.client({ username: 'silenced', password: 'secret' }));
    expect(await silenced.release('me', '', quiet)).toMatchObject({ status: 'released', rest: [''] });
    expect(await messages()).toEqual([[bench.keys.channel, { event: 'released', id: 'me', successor: 'late' }]]);
  });

  it('never names the one that leaves, listed or not', async () => {
    await redis.client.zAdd(bench.keys.candidates, {
      score: (await bench.now()) + 1,
      value: JSON.stringify({ id: 'me', name: '', data: '', inbox: INBOX }),
    });
    expect(await bench.release('me', '', quiet)).toMatchObject({ rest: ['late'] });
  });

  it('is told to all others when the successor leads, before that it does', async () => {
    await bench.release('me', '', quiet);
    const { token } = await bench.acquire({ id: 'late', inbox: INBOX, releasedBy: 'me' });
    const [, ...others] = await messages();
    expect(others).toEqual([
      [bench.keys.channel, { event: 'released', id: 'me', successor: 'late' }],
      [bench.keys.channel, expect.objectContaining({ event: 'elected', id: 'late', token })],
    ]);
    expect(await listed()).toEqual(['early']);
  });

  it('is not told again by one who thinks that another had told it', async () => {
    await bench.release('me');
    await bench.acquire({ id: 'late', inbox: INBOX, releasedBy: 'somebody' });
    expect((await messages()).map(([, message]) => (message as { event: string }).event)).toEqual([
      'released',
      'elected',
    ]);
  });
});

describe('where more stand by than Redis could tell in no time', () => {
  /** `count` more than `early` and `late`, of whom `late` was the last to ask. */
  async function crowd(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, (_, i) => bench.acquire({ id: `one of many ${i}` })));
    await bench.pastThisMs();
    await bench.acquire({ id: 'late', inbox: INBOX });
  }

  it('the successor is answered first, and has it announced', async () => {
    await crowd(64); // and one, without the successor
    await bench.release('me', '', quiet);
    const { token, rest } = await bench.acquire({ id: 'late', inbox: INBOX, releasedBy: 'me', data: 'http://late' });
    expect(rest).toEqual([await bench.run(), '1']);
    expect(await messages()).toHaveLength(1); // in the inbox
    expect(await bench.announce('late', { releasedBy: 'me' })).toMatchObject({ status: 'announced', token });
    const [, ...others] = await messages();
    expect(others).toEqual([
      [bench.keys.channel, { event: 'released', id: 'me', successor: 'late' }],
      [bench.keys.channel, expect.objectContaining({ event: 'elected', id: 'late', token, data: 'http://late' })],
    ]);
  });

  it('nothing is left to be announced where few stand by, or everyone knows that the lease is free', async () => {
    await crowd(63);
    await bench.release('me', '', quiet);
    expect((await bench.acquire({ id: 'late', inbox: INBOX, releasedBy: 'me' })).rest).toEqual([await bench.run()]);
    await crowd(64);
    await bench.release('late');
    expect((await bench.acquire({ id: 'early', inbox: OTHER_INBOX })).rest).toEqual([await bench.run()]);
  });

  it('nobody is told of a leader that is none any more', async () => {
    expect(await bench.announce('somebody')).toMatchObject({ status: 'announced' });
    await bench.release('me');
    const before = await messages();
    await bench.announce('me');
    expect(await messages()).toEqual(before);
  });
});

describe('where who was told does not come', () => {
  it('everyone is told, another is named, and the absent one is off the list', async () => {
    await bench.release('me', '', quiet);
    expect(await bench.release('me', '', { absent: 'late' })).toMatchObject({ status: 'gone' });
    expect((await messages()).at(-1)).toEqual([
      bench.keys.channel,
      { event: 'released', id: 'me', successor: 'early' },
    ]);
    expect(await listed()).toEqual(['early']);
  });

  it('everyone is told as well where one has taken the lease who tells nobody (go-leader)', async () => {
    await bench.release('me', '', quiet);
    await redis.client.set(bench.keys.lease, 'go', { PX: 60_000 });
    await bench.release('me', '', { absent: 'late' });
    expect((await messages()).at(-1)).toEqual([
      bench.keys.channel,
      expect.objectContaining({ event: 'released', id: 'me' }),
    ]);
  });

  it('nobody is told where one has the lease who has told so', async () => {
    await bench.release('me', '', quiet);
    await bench.acquire({ id: 'early', inbox: OTHER_INBOX });
    const before = await messages();
    await bench.release('me', '', { absent: 'late' });
    expect(await messages()).toEqual(before);
    await bench.loseLease(); // what is absent now was not released by that one
    await bench.release('me', '', { absent: 'late' });
    expect(await messages()).toEqual(before);
  });
});

describe('who gives up without a lease', () => {
  it('is off the list, wherever in it: it may have been listed by a request whose answer was lost', async () => {
    expect(await bench.release('early')).toMatchObject({ status: 'gone' });
    expect(await listed()).toEqual(['late']);
    expect(await messages()).toEqual([]);
  });
});

describe('withdraw', () => {
  it('takes one off the list, and leaves no list when it was the last', async () => {
    expect(await bench.withdraw('late', { inbox: INBOX })).toMatchObject({ status: 'withdrawn', rest: [] });
    expect(await listed()).toEqual(['early']);
    await bench.withdraw('nobody');
    await bench.withdraw('early', { inbox: OTHER_INBOX });
    expect(await redis.client.exists(bench.keys.candidates)).toBe(0);
  });

  it('is done without where something else is stored there', async () => {
    await redis.client.set(bench.keys.candidates, 'something else');
    expect(await bench.withdraw('late')).toMatchObject({ status: 'withdrawn' });
  });
});
