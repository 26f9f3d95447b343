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

/** The messages since the election of `me`, once everything published so far has arrived. */
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
  it('notifies the successor alone, in its inbox, with the channel of the election', async () => {
    expect(await bench.release('me', '', quiet)).toMatchObject({ status: 'released', rest: ['late'] });
    const { channel } = bench.keys;
    expect(await messages()).toEqual([[INBOX, { event: 'released', id: 'me', successor: 'late', channel }]]);
  });

  it('notifies the requested successor', async () => {
    expect(await bench.release('me', 'early', quiet)).toMatchObject({ status: 'released', rest: ['early'] });
    expect(await messages()).toEqual([[OTHER_INBOX, expect.objectContaining({ successor: 'early' })]]);
  });

  describe('to a requested name', () => {
    beforeEach(async () => {
      await bench.acquire({ id: 'web/1', name: 'web', inbox: OTHER_INBOX });
      await bench.pastThisMs();
    });

    it('notifies the candidate with that name', async () => {
      expect(await bench.release('me', 'web', quiet)).toMatchObject({ status: 'released', rest: ['web/1'] });
      expect(await messages()).toEqual([[OTHER_INBOX, expect.objectContaining({ successor: 'web/1' })]]);
    });

    it('notifies the latest of two with that name', async () => {
      await bench.acquire({ id: 'web/2', name: 'web', inbox: INBOX });
      expect(await bench.release('me', 'web', quiet)).toMatchObject({ rest: ['web/2'] });
    });

    it('notifies the one of two with that name that receives notices', async () => {
      await bench.acquire({ id: 'web/2', name: 'web', hears: false });
      expect(await bench.release('me', 'web', quiet)).toMatchObject({ rest: ['web/1'] });
    });

    it('notifies the other of two with that name if the first does not come', async () => {
      await bench.acquire({ id: 'web/2', name: 'web', inbox: INBOX });
      await bench.release('me', 'web', quiet);
      await bench.release('me', 'web', { absent: 'web/2' });
      expect((await messages()).at(-1)).toEqual([
        bench.keys.channel,
        { event: 'released', id: 'me', successor: 'web/1' },
      ]);
    });

    it('prefers a candidate with that id, whichever was latest', async () => {
      await bench.acquire({ id: 'web', inbox: INBOX });
      await bench.pastThisMs();
      await bench.acquire({ id: 'web/2', name: 'web', inbox: OTHER_INBOX });
      expect(await bench.release('me', 'web', quiet)).toMatchObject({ rest: ['web'] });
    });

    it('notifies everyone, with its id, if no candidate of that name receives notices', async () => {
      await bench.withdraw('web/1', { name: 'web', inbox: OTHER_INBOX });
      await bench.acquire({ id: 'web/2', name: 'web', hears: false });
      expect(await bench.release('me', 'web', quiet)).toMatchObject({ rest: [''] });
      expect(await messages()).toEqual([[bench.keys.channel, { event: 'released', id: 'me', successor: 'web/2' }]]);
    });

    it('never notifies the one that leaves, even with that name', async () => {
      await bench.release('me');
      await bench.acquire({ id: 'web/3', name: 'web' });
      expect(await bench.release('web/3', 'web', quiet)).toMatchObject({ rest: ['web/1'] });
    });
  });

  it.each(['nobody', 'deaf'])(
    'notifies everyone if %s is requested, which cannot be notified alone',
    async (wished) => {
      await bench.acquire({ id: 'deaf', inbox: INBOX, hears: false });
      expect(await bench.release('me', wished, quiet)).toMatchObject({ status: 'released', rest: [''] });
      expect(await messages()).toEqual([[bench.keys.channel, { event: 'released', id: 'me', successor: wished }]]);
    },
  );

  it('notifies everyone if the candidate has no inbox', async () => {
    await bench.withdraw('early', { inbox: OTHER_INBOX });
    await bench.withdraw('late', { inbox: INBOX });
    await bench.acquire({ id: 'plain' });
    expect(await bench.release('me', '', quiet)).toMatchObject({ status: 'released', rest: [''] });
    expect(await messages()).toEqual([[bench.keys.channel, { event: 'released', id: 'me', successor: 'plain' }]]);
  });

  it('notifies everyone if the inbox may not be published to', async () => {
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

  it('is published to all others when the successor leads, before its election', async () => {
    await bench.release('me', '', quiet);
    const { token } = await bench.acquire({ id: 'late', inbox: INBOX, releasedBy: 'me' });
    const [, ...others] = await messages();
    expect(others).toEqual([
      [bench.keys.channel, { event: 'released', id: 'me', successor: 'late' }],
      [bench.keys.channel, expect.objectContaining({ event: 'elected', id: 'late', token })],
    ]);
    expect(await listed()).toEqual(['early']);
  });

  it('is not published again by a candidate with a wrong releasedBy', async () => {
    await bench.release('me');
    await bench.acquire({ id: 'late', inbox: INBOX, releasedBy: 'somebody' });
    expect((await messages()).map(([, message]) => (message as { event: string }).event)).toEqual([
      'released',
      'elected',
    ]);
  });
});

describe('with more candidates than Redis can notify quickly', () => {
  /** Lists `count` candidates besides `early` and `late`. The latest is `late`. */
  async function crowd(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, (_, i) => bench.acquire({ id: `one of many ${i}` })));
    await bench.pastThisMs();
    await bench.acquire({ id: 'late', inbox: INBOX });
  }

  it('the successor receives its reply first, and then announces its election', async () => {
    await crowd(64); // one more than announced at once, without the successor
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

  it('nothing is left to announce with few candidates, or if everyone knows of the release', async () => {
    await crowd(63);
    await bench.release('me', '', quiet);
    expect((await bench.acquire({ id: 'late', inbox: INBOX, releasedBy: 'me' })).rest).toEqual([await bench.run()]);
    await crowd(64);
    await bench.release('late');
    expect((await bench.acquire({ id: 'early', inbox: OTHER_INBOX })).rest).toEqual([await bench.run()]);
  });

  it('a former leader is not announced', async () => {
    expect(await bench.announce('somebody')).toMatchObject({ status: 'announced' });
    await bench.release('me');
    const before = await messages();
    await bench.announce('me');
    expect(await messages()).toEqual(before);
  });
});

describe('if the notified candidate does not come', () => {
  it('everyone is notified, another is named, and the absent one is removed', async () => {
    await bench.release('me', '', quiet);
    expect(await bench.release('me', '', { absent: 'late' })).toMatchObject({ status: 'gone' });
    expect((await messages()).at(-1)).toEqual([
      bench.keys.channel,
      { event: 'released', id: 'me', successor: 'early' },
    ]);
    expect(await listed()).toEqual(['early']);
  });

  it('everyone is notified also if a holder without notices (go-leader) has the lease', async () => {
    await bench.release('me', '', quiet);
    await redis.client.set(bench.keys.lease, 'go', { PX: 60_000 });
    await bench.release('me', '', { absent: 'late' });
    expect((await messages()).at(-1)).toEqual([
      bench.keys.channel,
      expect.objectContaining({ event: 'released', id: 'me' }),
    ]);
  });

  it('nobody is notified if the present holder has published its election', async () => {
    await bench.release('me', '', quiet);
    await bench.acquire({ id: 'early', inbox: OTHER_INBOX });
    const before = await messages();
    await bench.release('me', '', { absent: 'late' });
    expect(await messages()).toEqual(before);
    await bench.loseLease(); // the present holder did not release it
    await bench.release('me', '', { absent: 'late' });
    expect(await messages()).toEqual(before);
  });
});

describe('a candidate that gives up without a lease', () => {
  it('is removed from any place in the list, since a request without a reply may have listed it', async () => {
    expect(await bench.release('early')).toMatchObject({ status: 'gone' });
    expect(await listed()).toEqual(['late']);
    expect(await messages()).toEqual([]);
  });
});

describe('withdraw', () => {
  it('removes one candidate, and the list with the last', async () => {
    expect(await bench.withdraw('late', { inbox: INBOX })).toMatchObject({ status: 'withdrawn', rest: [] });
    expect(await listed()).toEqual(['early']);
    await bench.withdraw('nobody');
    await bench.withdraw('early', { inbox: OTHER_INBOX });
    expect(await redis.client.exists(bench.keys.candidates)).toBe(0);
  });

  it('succeeds if something else is stored there', async () => {
    await redis.client.set(bench.keys.candidates, 'something else');
    expect(await bench.withdraw('late')).toMatchObject({ status: 'withdrawn' });
  });
});
