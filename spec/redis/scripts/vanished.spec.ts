import { beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../../support/until.js';
import { useRedis } from '../use-redis.js';
import { type Answer, LONG, ScriptBench, waitOf } from './bench.js';

const redis = useRedis();
let bench: ScriptBench;
let run: string;

beforeEach(async () => {
  bench = new ScriptBench(redis.client);
  run = await bench.runId();
});

/** Starts a term of `leader` and loses its lease. */
async function lostTerm({ ttl = LONG } = {}): Promise<Answer> {
  const granted = await bench.acquire({ id: 'leader', name: 'leading', ttl });
  await bench.loseLease();
  return granted;
}

describe('an absent lease', () => {
  it('is free without a record', async () => {
    expect((await bench.acquire()).status).toBe('granted');
  });

  it('is free once released', async () => {
    await bench.acquire({ id: 'leader' });
    await bench.release('leader');
    expect((await bench.acquire()).status).toBe('granted');
  });

  it('is free when until has passed', async () => {
    const { now } = await bench.read();
    await bench.putRecord({ token: '5', id: 'leader', run, until: String(now - 1) });
    expect((await bench.acquire()).status).toBe('granted');
  });

  it('is free after a holder that wrote no record', async () => {
    await bench.putLease('foreign', LONG);
    await bench.loseLease();
    expect((await bench.acquire({ id: 'one', ttl: 20 })).status).toBe('granted');
    await until(async () => (await bench.read()).status === 'free');
    await bench.putLease('foreign', LONG); // leaves our until, which passes soon
    await until(async () => (await bench.now()) > Number((await bench.record()).until));
    await bench.loseLease();
    expect((await bench.acquire({ id: 'two' })).status).toBe('granted');
  });

  it('is not free before until: nothing is granted or written, and the wait is returned', async () => {
    const { until: till, token } = await lostTerm();
    const before = await bench.dump();
    const suspect = await bench.acquire({ id: 'me' });
    expect(waitOf(suspect)).toBe(till - suspect.now);
    expect(suspect).toMatchObject({ token, until: till });
    expect(await bench.dump()).toEqual(before);
  });

  it('is not free before until by the candidate’s estimate, even after until by the server’s clock', async () => {
    const { now } = await bench.read();
    const till = now - 1_000;
    await bench.putRecord({ token: '5', id: 'leader', run, until: String(till) });
    const watched = { until: till, time: till - 700.5, age: 100 };
    expect(waitOf(await bench.acquire({ watched }))).toBe(701);
    expect((await bench.acquire({ watched: { ...watched, time: till } })).status).toBe('granted');
  });

  it('is not free before an unseen until by the candidate’s estimate, for a ttl at most', async () => {
    const { now } = await bench.read();
    const till = now - 1_000;
    await bench.putRecord({ token: '5', id: 'leader', run, until: String(till) });
    const watched = { until: till - 400, time: till - 700.5, age: 100 };
    expect(waitOf(await bench.acquire({ watched }))).toBe(701);
    expect(waitOf(await bench.acquire({ watched: { until: 0, time: till - 10 * LONG, age: 0 } }))).toBe(LONG);
    expect((await bench.acquire({ watched: { ...watched, time: till } })).status).toBe('granted');
  });

  describe('whose record was written while the server’s clock was set back', () => {
    const AHEAD = 1e6;
    const writings: ReadonlyArray<[string, (token: number) => Promise<unknown>]> = [
      ['granted again', () => bench.acquire({ id: 'leader' })],
      ['renewed', (token) => bench.renew({ id: 'leader', token })],
      [
        'mended',
        async (token) => {
          await bench.loseLease();
          await bench.acquire({ id: 'me', seen: token + 1 });
        },
      ],
      [
        'cut',
        async () => {
          await bench.putRecord({ until: String((await bench.now()) + AHEAD) });
          await bench.putLease('leader', AHEAD);
          await bench.acquire({ id: 'me' });
        },
      ],
      [
        'cut where the lease has vanished',
        async () => {
          await bench.putRecord({ until: String((await bench.now()) + AHEAD) });
          await bench.loseLease();
          await bench.acquire({ id: 'me' });
        },
      ],
    ];

    it.each(writings)(
      'is not free before its until was watched for a ttl, once the clock is corrected: %s',
      async (_, write) => {
        const { token } = await bench.acquire({ id: 'leader' });
        const peak = String((await bench.now()) + AHEAD);
        await bench.putRecord({ at: peak });
        await write(token);
        expect((await bench.record()).peak).toBe(peak);
        // As if the clock were corrected: an until of that time has passed.
        await bench.loseLease();
        const till = (await bench.now()) - 1_000;
        await bench.putRecord({ until: String(till) });
        const watched = { until: till, time: till + 500, age: LONG - 100 };
        expect(waitOf(await bench.acquire({ watched: { ...watched, until: till - 1 } }))).toBe(LONG);
        expect(waitOf(await bench.acquire({ watched }))).toBe(100);
        expect((await bench.acquire({ watched: { ...watched, age: LONG } })).status).toBe('granted');
      },
    );

    it('is free once released', async () => {
      const { token } = await bench.acquire({ id: 'leader' });
      await bench.putRecord({ at: String((await bench.now()) + AHEAD) });
      await bench.renew({ id: 'leader', token });
      await bench.release('leader');
      expect((await bench.acquire()).status).toBe('granted');
    });

    it('is free after until if the clock has passed its peak since', async () => {
      const { now } = await bench.read();
      await bench.putRecord({ token: '5', id: 'leader', run, until: String(now - 1), at: '5', peak: '5' });
      expect((await bench.acquire()).status).toBe('granted');
    });
  });

  it('is not free by the candidate’s estimate alone', async () => {
    const { until: till } = await lostTerm();
    const suspect = await bench.acquire({ id: 'me', watched: { until: till, time: till + 1, age: 0 } });
    expect(waitOf(suspect)).toBe(till - suspect.now);
  });

  it('is free when the candidate has watched this until for a ttl, whatever the clocks say', async () => {
    const { until: till } = await lostTerm();
    const watched = { until: till, time: till - LONG, age: LONG - 0.5 };
    expect(waitOf(await bench.acquire({ id: 'me', watched }))).toBe(1); // at most until the ttl is over
    expect((await bench.acquire({ id: 'me', watched: { ...watched, age: LONG } })).status).toBe('granted');
  });

  it('is not free by an until watched before the clock was set back, which may be rewritten (G1)', async () => {
    const { until: till } = await lostTerm();
    const watched = { until: till, time: till + LONG / 10, age: 10 * LONG };
    const suspect = await bench.acquire({ id: 'me', watched });
    expect(waitOf(suspect)).toBe(till - suspect.now);
    const drifted = { ...watched, time: suspect.now + LONG / 25 };
    expect((await bench.acquire({ id: 'me', watched: drifted })).status).toBe('granted');
  });

  it('is not free by having watched another until', async () => {
    const { until: till } = await lostTerm();
    const watched = { until: till - 1, time: till + LONG, age: 10 * LONG };
    const suspect = await bench.acquire({ id: 'me', watched });
    expect(waitOf(suspect)).toBe(till - suspect.now);
  });

  it('is suspect for a ttl at most: a later until is cut, and stays cut', async () => {
    const { now } = await bench.read();
    await bench.putRecord({ token: '5', id: 'leader', run, until: String(now + 100 * LONG) });
    const first = await bench.acquire({ id: 'me', ttl: LONG });
    expect(waitOf(first)).toBe(LONG);
    expect((await bench.record()).until).toBe(String(first.now + LONG));
    const second = await bench.acquire({ id: 'me', ttl: LONG });
    expect(second.until).toBe(first.until);
  });

  it('becomes free, and the next token is above the lost term’s', async () => {
    const ttl = 100;
    const { token, until: till } = await lostTerm({ ttl });
    const next = await until(async () => {
      const answer = await bench.acquire({ id: 'me', ttl });
      return answer.status === 'granted' && answer;
    });
    expect(next.now).toBeGreaterThanOrEqual(till);
    expect(next.token).toBeGreaterThan(token);
  });
});

describe('the renewal of a vanished lease', () => {
  it('restores it with its token and the run of its grant, since it may have been sent there (G1)', async () => {
    const { token } = await lostTerm();
    await bench.putRecord({ run: 'another' });
    const renewed = await bench.renew({ id: 'leader', token, ttl: LONG, run: 'another' });
    expect(renewed).toMatchObject({ status: 'renewed', token, until: renewed.now + LONG });
    expect(await bench.lease()).toMatchObject({ id: 'leader' });
    expect((await bench.lease())?.left).toBeGreaterThan(0.9 * LONG);
    expect(await bench.record()).toMatchObject({ token: String(token), id: 'leader', run: 'another' });
  });

  it('restores it in the present run if the run of its grant is unknown', async () => {
    const { token } = await lostTerm();
    await bench.putRecord({ run: 'another' });
    await bench.renew({ id: 'leader', token, run: '' });
    expect(await bench.record()).toMatchObject({ token: String(token), id: 'leader', run: await bench.run() });
  });

  it('restores nothing in another database than it was granted in', async () => {
    const { token } = await lostTerm();
    const before = await bench.dump();
    const renewed = bench.renew({ id: 'leader', token, run: `${run}:5` });
    await expect(renewed).rejects.toThrow('LEASEMOVED from database 5 to 0');
    expect(await bench.dump()).toEqual(before);
  });

  it('restores nothing with inPlace', async () => {
    const { token } = await bench.acquire({ id: 'me' });
    await bench.loseLease();
    const before = await bench.record();
    expect(await bench.renew({ id: 'me', token, inPlace: true })).toMatchObject({ status: 'lost' });
    expect([await bench.lease(), await bench.record()]).toEqual([undefined, before]);
  });

  it('restores it in an emptied server', async () => {
    const { token } = await lostTerm();
    await redis.client.flushAll();
    expect(await bench.renew({ id: 'leader', token })).toMatchObject({ status: 'renewed', token });
    expect(await bench.acquire({ id: 'me' })).toMatchObject({ status: 'held', token });
    expect(await bench.record()).toMatchObject({ token: String(token), id: 'leader', run: await bench.run() });
  });

  it('restores it over a record that was mended without a higher token', async () => {
    const { token } = await lostTerm();
    await redis.client.flushAll();
    expect((await bench.acquire({ id: 'me', seen: token })).status).toBe('suspect');
    expect(await bench.renew({ id: 'leader', token })).toMatchObject({ status: 'renewed', token });
    expect((await bench.record()).id).toBe('leader');
  });

  it('is lost if the record’s token is higher: a later term may have begun', async () => {
    const { token } = await lostTerm();
    await bench.putRecord({ token: String(token + 1), id: '' });
    const before = await bench.dump();
    expect(await bench.renew({ id: 'leader', token })).toMatchObject({ status: 'lost', token: token + 1 });
    expect(await bench.dump()).toEqual(before);
  });

  it('is lost if this term was released', async () => {
    const { token } = await bench.acquire({ id: 'leader' });
    await bench.release('leader');
    const before = await bench.dump();
    expect(await bench.renew({ id: 'leader', token })).toMatchObject({ status: 'lost', until: 0 });
    expect(await bench.dump()).toEqual(before);
  });

  it('restores it if an earlier term of another was released', async () => {
    await bench.putRecord({ token: '5', id: 'before', run, until: '0' });
    expect(await bench.renew({ id: 'leader', token: 6 })).toMatchObject({ status: 'renewed', token: 6 });
  });
});

describe('the release of a vanished lease', () => {
  it('frees it at once', async () => {
    const { token } = await lostTerm();
    expect(await bench.release('leader')).toMatchObject({ status: 'gone', token, until: 0 });
    expect((await bench.record()).until).toBe('0');
    expect((await bench.acquire({ id: 'me' })).status).toBe('granted');
  });

  it('frees no other term', async () => {
    const { until: till } = await lostTerm();
    expect(await bench.release('other')).toMatchObject({ status: 'gone', until: till });
    expect((await bench.acquire({ id: 'me' })).status).toBe('suspect');
  });
});
