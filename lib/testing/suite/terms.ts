import { strict as assert } from 'node:assert';
import { type Cases, is, LONG } from './suite-context.js';

/** The part of a ttl after which a lease must still exist. The rest is slack for slow machines. */
const MOST = 0.6;

/** How long a lease lasts, late requests, and the order of terms. */
export const terms: Cases = {
  'keeps an unrenewed lease for its ttl, and not much longer': async (suite) => {
    const [leader, next] = [suite.candidate(suite.ttl), suite.candidate()];
    await leader.lead();
    await suite.elapse(MOST * suite.ttl);
    is(await next.acquire(), 'held');
    const granted = async () => ((await next.acquire()).status === 'granted' ? true : undefined);
    await suite.until(granted, 2 * suite.ttl, 'the next is granted');
    assert.equal(is(await leader.renew(), 'lost').holder?.id, next.id);
  },

  'reports the correct expiry of a lease': async (suite) => {
    const leader = suite.candidate(suite.ttl);
    await leader.lead();
    const { expiresIn } = is(await suite.read(), 'held').holder;
    assert.ok(expiresIn > 0 && expiresIn <= suite.ttl, `expires in ${expiresIn} of ${suite.ttl} ms`);
    await suite.elapse(expiresIn + Math.max(2, suite.ttl / 20));
    is(await suite.read(), 'free');
  },

  'extends a lease to its ttl from the renewal on': async (suite) => {
    const leader = suite.candidate(suite.ttl);
    await leader.lead();
    for (let renewals = 0; renewals < 3; renewals++) {
      await suite.elapse(MOST * suite.ttl);
      assert.equal((await suite.holder())?.id, leader.id);
      is(await leader.renew(), 'renewed');
    }
  },

  'extends a lease on a repeated acquire request': async (suite) => {
    const leader = suite.candidate(suite.ttl);
    await leader.lead();
    for (let repeats = 0; repeats < 3; repeats++) {
      await suite.elapse(MOST * suite.ttl);
      assert.equal((await suite.holder())?.id, leader.id);
      await leader.lead();
    }
  },

  'does not extend a lease on requests of others': async (suite) => {
    const leader = suite.candidate(suite.ttl);
    await leader.lead();
    const gone = async () => {
      is(await suite.candidate().release(), 'gone');
      await suite.candidate(LONG).renew({ token: 1 });
      return (await suite.holder())?.id === leader.id ? undefined : true;
    };
    await suite.until(gone, 2 * suite.ttl, 'the lease runs out');
  },

  'grants every term a token above the previous one': async (suite) => {
    const tokens = [];
    for (let term = 0; term < 5; term++) {
      const leader = suite.candidate(term === 2 ? suite.ttl : LONG); // one of them is not released
      const lead = async () => ((await leader.acquire()).status === 'granted' ? true : undefined);
      await suite.until(lead, 2 * suite.ttl, `term ${term} begins`);
      tokens.push(leader.token);
      if (term !== 2) await leader.release();
    }
    for (const [i, token] of tokens.entries()) assert.ok(i === 0 || token > (tokens[i - 1] ?? 0), `${tokens} rise`);
  },

  'grants a token above the highest that the candidate has seen': async (suite) => {
    const { token } = await suite.candidate(suite.ttl).lead();
    const candidate = suite.candidate(suite.ttl);
    const lastToken = token + 1_000_000;
    const lead = async () => ((await candidate.acquire({ lastToken })).status === 'granted' ? true : undefined);
    await suite.until(lead, 4 * suite.ttl, 'a candidate that knows a higher token is granted');
    assert.ok(candidate.token > lastToken, `${candidate.token} is above ${lastToken}`);
  },

  'reports a time that advances': async (suite) => {
    const { time: before } = await suite.read();
    if (before === undefined) return; // the store's time is optional
    await suite.elapse(suite.ttl / 2);
    const { time: after = 0 } = await suite.read();
    const passed = after - before;
    assert.ok(passed >= suite.ttl / 2 - 2 && passed < 10 * suite.ttl, `${passed} ms of ${suite.ttl / 2} ms passed`);
  },

  'grants nothing to a request after its notAfter': async (suite) => {
    const { time } = await suite.read();
    if (time === undefined) return;
    is(await suite.candidate().acquire({ notAfter: time - 1 }), 'late');
    is(await suite.read(), 'free');
    is(await suite.candidate().acquire({ notAfter: time + LONG }), 'granted');
  },

  'renews nothing for a request after its notAfter': async (suite) => {
    const leader = suite.candidate(suite.ttl);
    const { time } = await leader.lead();
    if (time === undefined) return;
    is(await leader.renew({ notAfter: time - 1, ttl: LONG }), 'late');
    const left = is(await suite.read(), 'held').holder.expiresIn;
    assert.ok(left <= suite.ttl, `${left} ms are left of ${suite.ttl}`);
    is(await leader.renew({ notAfter: time + LONG }), 'renewed');
  },
};
