import { beforeEach, describe, expect, it } from '@jest/globals';
import { useRedis } from '../use-redis.js';
import { LONG, ScriptBench, waitOf } from './bench.js';

const redis = useRedis();
let bench: ScriptBench;
let run: string;

beforeEach(async () => {
  bench = new ScriptBench(redis.client);
  run = await bench.runId();
});

const NONSENSE = ['inf', '-inf', 'nan', '-1', '1.5', '9007199254740993', '1e300', 'abc', ''];

describe.each(['token', 'until'] as const)('a record with an overwritten %s', (field) => {
  describe.each(NONSENSE)('with "%s"', (nonsense) => {
    const breakRecord = () => bench.putRecord({ [field]: nonsense });

    it('is repaired by the next renewal without an effect on the leader (G3)', async () => {
      const { token } = await bench.acquire({ id: 'leader' });
      await breakRecord();
      expect(await bench.renew({ id: 'leader', token, run })).toMatchObject({ status: 'renewed', token });
      expect(await bench.record()).toMatchObject({ token: `${token}`, until: expect.stringMatching(/^[1-9]\d+$/) });
    });

    it('is returned without the broken field while the lease is held', async () => {
      const { token } = await bench.acquire({ id: 'leader', name: 'leading' });
      await breakRecord();
      for (const answer of [await bench.read(), await bench.acquire()]) {
        const { status, rest, raw } = answer;
        expect([status, rest[0], rest[2], rest[4]]).toEqual(['held', 'leader', 'leading', '']);
        expect(raw.slice(1, 4)).toEqual([0, 1, 2].map(() => expect.stringMatching(/^\d+$/)));
        expect([0, token]).toContain(answer.token);
      }
    });

    it('counts as a loss without a lease: candidates wait, then the next grant repairs it (G1, G3)', async () => {
      const { token } = await bench.acquire({ id: 'leader' });
      await breakRecord();
      await bench.loseLease();
      const first = await bench.acquire();
      expect(waitOf(first)).toBe(LONG);
      expect(await bench.record()).toMatchObject({ id: '', run, until: `${first.now + LONG}` });
      const watched = { until: first.until, time: first.now, age: LONG };
      const granted = await bench.acquire({ watched });
      expect(granted.status).toBe('granted');
      expect(granted.token).toBeGreaterThan(token);
      expect(await bench.record()).toMatchObject({ token: `${granted.token}`, until: `${granted.until}` });
    });

    it('restores no lease under the record of another (G1)', async () => {
      const { token } = await bench.acquire({ id: 'other' });
      await breakRecord();
      await bench.loseLease();
      expect((await bench.renew({ id: 'leader', token: token + 1, run })).status).toBe('lost');
      expect((await bench.renew({ id: 'other', token, run })).status).toBe('renewed');
    });

    it('grants a repeated request again, with a higher token (G3)', async () => {
      const { token } = await bench.acquire({ id: 'leader' });
      await breakRecord();
      const again = await bench.acquire({ id: 'leader' });
      expect(again.status).toBe('granted');
      expect(again.token).toBeGreaterThan(token);
    });

    it('stays after a release, so that others wait', async () => {
      await bench.acquire({ id: 'leader' });
      await breakRecord();
      expect((await bench.release('leader')).status).toBe('released');
      expect(waitOf(await bench.acquire())).toBe(LONG);
    });
  });
});

it('uses the time as a token again if a candidate has seen the highest possible token', async () => {
  const seen = Number.MAX_SAFE_INTEGER;
  await bench.putRecord({ token: `${seen}`, id: '', run, until: '1' });
  const { status, token, micros } = await bench.acquire({ seen });
  expect([status, token]).toEqual(['granted', micros]);
});
