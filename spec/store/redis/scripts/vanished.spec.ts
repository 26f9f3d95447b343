import { beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../../../support/until.js';
import { useRedis } from '../use-redis.js';
import { type Answer, LONG, ScriptBench } from './bench.js';

const redis = useRedis();
let bench: ScriptBench;
let run: string;

/** More than time passes in a spec, much less than LONG. */
const SLACK = 10_000;

beforeEach(async () => {
  bench = new ScriptBench(redis.client);
  run = await bench.runId();
});

/** Ms that `answer` says are to be waited. */
const waitOf = ({ status, rest }: Answer): number => {
  expect(status).toBe('suspect');
  expect(rest).toEqual([expect.stringMatching(/^\d+$/)]);
  return Number(rest[0]);
};

/** A term of `leader`, whose lease the server has lost. */
async function lostTerm({ ttl = LONG } = {}): Promise<Answer> {
  const granted = await bench.acquire({ id: 'leader', name: 'leading', ttl });
  await bench.loseLease();
  return granted;
}

describe('an absent lease', () => {
  it('is free where there is no record', async () => {
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
    await bench.putLease('foreign', LONG); // leaves our until where it was, soon long past
    await until(async () => (await bench.now()) > Number((await bench.record()).until));
    await bench.loseLease();
    expect((await bench.acquire({ id: 'two' })).status).toBe('granted');
  });

  it('is not free before until: nothing is granted, nothing written, and the wait is told', async () => {
    const { until: till, token } = await lostTerm();
    const before = await bench.dump();
    const suspect = await bench.acquire({ id: 'me' });
    expect(waitOf(suspect)).toBe(till - suspect.now);
    expect(suspect).toMatchObject({ token, until: till });
    expect(await bench.dump()).toEqual(before);
  });

  it('is not free while the candidate’s own reckoning says so, though the server’s clock has passed until', async () => {
    const { now } = await bench.read();
    const till = now - 1_000;
    await bench.putRecord({ token: '5', id: 'leader', run, until: String(till) });
    const watched = { until: till, time: till - 700.5, age: 100 };
    expect(waitOf(await bench.acquire({ watched }))).toBe(701);
    expect((await bench.acquire({ watched: { ...watched, time: till } })).status).toBe('granted');
  });

  it('is not free by the candidate’s own reckoning alone', async () => {
    const { until: till } = await lostTerm();
    const suspect = await bench.acquire({ id: 'me', watched: { until: till, time: till + 1, age: 0 } });
    expect(waitOf(suspect)).toBe(till - suspect.now);
  });

  it('is free when the candidate has watched this very until for a whole ttl, whatever the clocks say', async () => {
    const { until: till } = await lostTerm();
    const watched = { until: till, time: till - LONG, age: LONG - 0.5 };
    expect(waitOf(await bench.acquire({ id: 'me', watched }))).toBe(1); // no longer than the ttl lasts
    expect((await bench.acquire({ id: 'me', watched: { ...watched, age: LONG } })).status).toBe('granted');
  });

  it('is not free by having watched another until', async () => {
    const { until: till } = await lostTerm();
    const watched = { until: till - 1, time: till + LONG, age: 10 * LONG };
    const suspect = await bench.acquire({ id: 'me', watched });
    expect(waitOf(suspect)).toBe(till - suspect.now);
  });

  it('is waited for a ttl at most: an until further ahead is cut, and stays cut', async () => {
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

describe('evidence of a loss', () => {
  /** That `suspect` mended the record, to `token`. */
  const expectMended = async (suspect: Answer, token: number) => {
    expect(waitOf(suspect)).toBe(LONG);
    const until = suspect.now + LONG;
    expect(suspect).toMatchObject({ token, until });
    expect(await bench.record()).toEqual({ token: `${token}`, id: '', name: '', data: '', run, until: `${until}` });
    expect(await bench.lease()).toBeUndefined();
  };

  it.each([
    ['still running', LONG],
    ['over', -1],
  ])('is a record of another run of the server, its until %s', async (_, ahead) => {
    const { now } = await bench.read();
    await bench.putRecord({ token: '5', id: 'leader', name: 'leading', run: 'another', until: String(now + ahead) });
    await expectMended(await bench.acquire(), 5);
  });

  it('is a record of another run, even of a term that was released', async () => {
    await bench.putRecord({ token: '5', id: 'leader', run: 'another', until: '0' });
    await expectMended(await bench.acquire(), 5);
  });

  it('is a higher token than the record’s in the candidate’s memory', async () => {
    await bench.putRecord({ token: '5', id: 'leader', run, until: '0' });
    await expectMended(await bench.acquire({ seen: 6 }), 6);
  });

  it('is any token in the candidate’s memory where there is no record', async () => {
    await expectMended(await bench.acquire({ seen: 6 }), 6);
  });

  it('is no record at all, if the candidate is told to wait then', async () => {
    await expectMended(await bench.acquire({ coldStart: 'wait' }), 0);
  });

  it('is not a record, if the candidate is told to wait for none', async () => {
    await bench.putRecord({ token: '5', id: 'leader', run, until: '0' });
    expect((await bench.acquire({ coldStart: 'wait' })).status).toBe('granted');
  });

  it('is not the same token', async () => {
    await bench.putRecord({ token: '6', id: 'leader', run, until: '0' });
    expect((await bench.acquire({ seen: 6 })).status).toBe('granted');
  });

  it('is not a record that names no run', async () => {
    await bench.putRecord({ token: '5', id: 'leader', run: '', until: '0' });
    expect((await bench.acquire()).status).toBe('granted');
  });

  it('is not looked for while the lease is there', async () => {
    await bench.acquire({ id: 'leader' });
    await bench.putRecord({ run: 'another' });
    const before = await bench.dump();
    expect((await bench.acquire({ seen: 2 ** 52 })).status).toBe('held');
    expect(await bench.dump()).toEqual(before);
  });

  it('is not sought in INFO where that is forbidden: the run stays unknown', async () => {
    await redis.client.aclSetUser('uninformed', ['on', '>pw', '~*', '&*', '+@all', '-info']);
    const uninformed = new ScriptBench(await redis.server.client({ username: 'uninformed', password: 'pw' }));
    await bench.putRecord({ token: '5', id: 'leader', run: 'another', until: '0' });
    expect(await uninformed.acquire()).toMatchObject({ status: 'granted', rest: [''] });
    expect((await bench.record()).run).toBe('');
  });
});

describe('a mended record', () => {
  it('keeps its time for later finders, who only raise its token', async () => {
    const first = await bench.acquire({ id: 'one', seen: 6 });
    await until(async () => (await bench.now()) > first.now);
    const second = await bench.acquire({ id: 'two', seen: 8 });
    expect(second).toMatchObject({ status: 'suspect', token: 8, until: first.until });
    const third = await bench.acquire({ id: 'three', seen: 7 });
    expect(third).toMatchObject({ status: 'suspect', token: 8, until: first.until });
    expect(await bench.record()).toMatchObject({ token: '8', until: String(first.until) });
  });

  it('is waited out, and the term after it has a token above the highest that was remembered', async () => {
    const ttl = 100;
    const { until: till } = await bench.acquire({ seen: 2 ** 53 - 1000, ttl });
    const granted = await until(async () => {
      const answer = await bench.acquire({ ttl });
      return answer.status === 'granted' && answer;
    });
    expect(granted.now).toBeGreaterThanOrEqual(till);
    expect(granted.now).toBeLessThan(till + SLACK);
    expect(granted.token).toBe(2 ** 53 - 999);
  });

  it('starts its wait anew when the server has lost that as well', async () => {
    const first = await bench.acquire({ seen: 6 });
    await until(async () => (await bench.now()) > first.now);
    await redis.client.flushAll();
    const second = await bench.acquire({ seen: 6 });
    expect(second.until).toBe(second.now + LONG);
    expect(second.until).toBeGreaterThan(first.until);
  });

  it('starts its wait anew in another run of the server', async () => {
    const first = await bench.acquire({ seen: 6 });
    await until(async () => (await bench.now()) > first.now);
    await bench.putRecord({ run: 'before' });
    const second = await bench.acquire({ seen: 6 });
    expect(second.until).toBeGreaterThan(first.until);
    expect((await bench.record()).run).toBe(run);
  });
});

describe('the renewal of a vanished lease', () => {
  it('puts it back under its own token, in the present run', async () => {
    const { token } = await lostTerm();
    await bench.putRecord({ run: 'another' });
    const renewed = await bench.renew({ id: 'leader', token, ttl: LONG, run: 'another' });
    expect(renewed).toMatchObject({ status: 'renewed', token, until: renewed.now + LONG });
    expect(await bench.lease()).toMatchObject({ id: 'leader' });
    expect((await bench.lease())?.left).toBeGreaterThan(0.9 * LONG);
    expect(await bench.record()).toMatchObject({ token: String(token), id: 'leader', run });
  });

  it('puts it back into an emptied server', async () => {
    const { token } = await lostTerm();
    await redis.client.flushAll();
    expect(await bench.renew({ id: 'leader', token })).toMatchObject({ status: 'renewed', token });
    expect(await bench.acquire({ id: 'me' })).toMatchObject({ status: 'held', token });
    expect(await bench.record()).toMatchObject({ token: String(token), id: 'leader', run });
  });

  it('puts it back over a record that was mended by one who knows no higher token', async () => {
    const { token } = await lostTerm();
    await redis.client.flushAll();
    expect((await bench.acquire({ id: 'me', seen: token })).status).toBe('suspect');
    expect(await bench.renew({ id: 'leader', token })).toMatchObject({ status: 'renewed', token });
    expect((await bench.record()).id).toBe('leader');
  });

  it('is lost where the record’s token is above its own: a later term may have begun', async () => {
    const { token } = await lostTerm();
    await bench.putRecord({ token: String(token + 1), id: '' });
    const before = await bench.dump();
    expect(await bench.renew({ id: 'leader', token })).toMatchObject({ status: 'lost', token: token + 1 });
    expect(await bench.dump()).toEqual(before);
  });

  it('is lost where this term was released', async () => {
    const { token } = await bench.acquire({ id: 'leader' });
    await bench.release('leader');
    const before = await bench.dump();
    expect(await bench.renew({ id: 'leader', token })).toMatchObject({ status: 'lost', until: 0 });
    expect(await bench.dump()).toEqual(before);
  });

  it('puts it back where another, earlier term was released', async () => {
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
