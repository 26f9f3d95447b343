import { strict as assert } from 'node:assert';
import { type Cases, is, LONG } from './bench.js';

/** The part of a ttl after which a lease is there for certain; what is left is for a machine that is slow. */
const MOST = 0.6;

/** How long a lease lasts, requests that come too late, and the order of terms. */
export const terms: Cases = {
  'keeps an unrenewed lease for its ttl, and not much longer': async (bench) => {
    const [leader, next] = [bench.candidate(bench.ttl), bench.candidate()];
    await leader.lead();
    await bench.elapse(MOST * bench.ttl);
    is(await next.acquire(), 'held');
    const granted = async () => ((await next.acquire()).status === 'granted' ? true : undefined);
    await bench.until(granted, 2 * bench.ttl, 'the next is granted');
    assert.equal(is(await leader.renew(), 'lost').holder?.id, next.id);
  },

  'says truly when a lease runs out': async (bench) => {
    const leader = bench.candidate(bench.ttl);
    await leader.lead();
    const { expiresIn } = is(await bench.read(), 'held').holder;
    assert.ok(expiresIn > 0 && expiresIn <= bench.ttl, `expires in ${expiresIn} of ${bench.ttl} ms`);
    await bench.elapse(expiresIn + Math.max(2, bench.ttl / 20));
    is(await bench.read(), 'free');
  },

  'extends a lease to its ttl from the renewal on': async (bench) => {
    const leader = bench.candidate(bench.ttl);
    await leader.lead();
    for (let renewals = 0; renewals < 3; renewals++) {
      await bench.elapse(MOST * bench.ttl);
      assert.equal((await bench.holder())?.id, leader.id);
      is(await leader.renew(), 'renewed');
    }
  },

  'extends a lease by a repeated request to acquire it': async (bench) => {
    const leader = bench.candidate(bench.ttl);
    await leader.lead();
    for (let repeats = 0; repeats < 3; repeats++) {
      await bench.elapse(MOST * bench.ttl);
      assert.equal((await bench.holder())?.id, leader.id);
      await leader.lead();
    }
  },

  'does not extend a lease by what others ask': async (bench) => {
    const leader = bench.candidate(bench.ttl);
    await leader.lead();
    const gone = async () => {
      is(await bench.candidate().release(), 'gone');
      await bench.candidate(LONG).renew({ token: 1 });
      return (await bench.holder())?.id === leader.id ? undefined : true;
    };
    await bench.until(gone, 2 * bench.ttl, 'the lease runs out');
  },

  'grants every term a token above the one before': async (bench) => {
    const tokens = [];
    for (let term = 0; term < 5; term++) {
      const leader = bench.candidate(term === 2 ? bench.ttl : LONG); // one of them is not released
      const lead = async () => ((await leader.acquire()).status === 'granted' ? true : undefined);
      await bench.until(lead, 2 * bench.ttl, `term ${term} begins`);
      tokens.push(leader.token);
      if (term !== 2) await leader.release();
    }
    for (const [i, token] of tokens.entries()) assert.ok(i === 0 || token > (tokens[i - 1] ?? 0), `${tokens} rise`);
  },

  'grants a token above the highest that the candidate has seen': async (bench) => {
    const { token } = await bench.candidate(bench.ttl).lead();
    const candidate = bench.candidate(bench.ttl);
    const lastToken = token + 1_000_000;
    const lead = async () => ((await candidate.acquire({ lastToken })).status === 'granted' ? true : undefined);
    await bench.until(lead, 4 * bench.ttl, 'a candidate that knows a higher token is granted');
    assert.ok(candidate.token > lastToken, `${candidate.token} is above ${lastToken}`);
  },

  'tells its time, which goes on': async (bench) => {
    const { time: before } = await bench.read();
    if (before === undefined) return; // a store need not tell
    await bench.elapse(bench.ttl / 2);
    const { time: after = 0 } = await bench.read();
    const passed = after - before;
    assert.ok(passed >= bench.ttl / 2 - 2 && passed < 10 * bench.ttl, `${passed} ms of ${bench.ttl / 2} ms passed`);
  },

  'grants nothing to a request that comes after its time': async (bench) => {
    const { time } = await bench.read();
    if (time === undefined) return;
    is(await bench.candidate().acquire({ notAfter: time - 1 }), 'late');
    is(await bench.read(), 'free');
    is(await bench.candidate().acquire({ notAfter: time + LONG }), 'granted');
  },

  'renews nothing for a request that comes after its time': async (bench) => {
    const leader = bench.candidate(bench.ttl);
    const { time } = await leader.lead();
    if (time === undefined) return;
    is(await leader.renew({ notAfter: time - 1, ttl: LONG }), 'late');
    const left = is(await bench.read(), 'held').holder.expiresIn;
    assert.ok(left <= bench.ttl, `${left} ms are left of ${bench.ttl}`);
    is(await leader.renew({ notAfter: time + LONG }), 'renewed');
  },
};
