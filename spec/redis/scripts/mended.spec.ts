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

describe('evidence of a loss', () => {
  /** Expects that `suspect` mended the record with `token`. */
  const expectMended = async (suspect: Answer, token: number) => {
    expect(waitOf(suspect)).toBe(LONG);
    const [at, until] = [suspect.now, suspect.now + LONG];
    expect(suspect).toMatchObject({ token, until });
    const mended = { token: `${token}`, id: '', name: '', data: '', run, until: `${until}`, at: `${at}`, peak: '0' };
    expect(await bench.record()).toEqual(mended);
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

  it('is a missing record if coldStart is wait', async () => {
    await expectMended(await bench.acquire({ coldStart: 'wait' }), 0);
  });

  it('is not an existing record if coldStart is wait', async () => {
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

  it('is not searched for while the lease is there', async () => {
    await bench.acquire({ id: 'leader' });
    await bench.putRecord({ run: 'another' });
    const before = await bench.dump();
    expect((await bench.acquire({ seen: 2 ** 52 })).status).toBe('held');
    expect(await bench.dump()).toEqual(before);
  });

  it('is not found in INFO if that is forbidden: the run stays unknown', async () => {
    await redis.client.aclSetUser('uninformed', ['on', '>pw', '~*', '&*', '+@all', '-info']);
    const uninformed = new ScriptBench(await redis.server.client({ username: 'uninformed', password: 'pw' }));
    await bench.putRecord({ token: '5', id: 'leader', run: 'another', until: '0' });
    expect(await uninformed.acquire()).toMatchObject({ status: 'granted', rest: [''] });
    expect((await bench.record()).run).toBe('');
  });
});

describe('a mended record', () => {
  it('keeps its time for later candidates, which only raise its token', async () => {
    const first = await bench.acquire({ id: 'one', seen: 6 });
    await until(async () => (await bench.now()) > first.now);
    const second = await bench.acquire({ id: 'two', seen: 8 });
    expect(second).toMatchObject({ status: 'suspect', token: 8, until: first.until });
    const third = await bench.acquire({ id: 'three', seen: 7 });
    expect(third).toMatchObject({ status: 'suspect', token: 8, until: first.until });
    expect(await bench.record()).toMatchObject({ token: '8', until: String(first.until) });
  });

  it('expires, and the next term has a token above the highest that was seen', async () => {
    const ttl = 100;
    const { until: till } = await bench.acquire({ seen: 2 ** 53 - 1000, ttl });
    const granted = await until(async () => {
      const answer = await bench.acquire({ ttl });
      return answer.status === 'granted' && answer;
    });
    expect(granted.now).toBeGreaterThanOrEqual(till);
    expect(granted.token).toBe(2 ** 53 - 999);
  });

  it('restarts its wait when the server has lost it, too', async () => {
    const first = await bench.acquire({ seen: 6 });
    await until(async () => (await bench.now()) > first.now);
    await redis.client.flushAll();
    const second = await bench.acquire({ seen: 6 });
    expect(second.until).toBe(second.now + LONG);
    expect(second.until).toBeGreaterThan(first.until);
  });

  it('restarts its wait in another run of the server', async () => {
    const first = await bench.acquire({ seen: 6 });
    await until(async () => (await bench.now()) > first.now);
    await bench.putRecord({ run: 'before' });
    const second = await bench.acquire({ seen: 6 });
    expect(second.until).toBeGreaterThan(first.until);
    expect((await bench.record()).run).toBe(run);
  });
});
