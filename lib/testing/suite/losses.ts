import { strict as assert } from 'node:assert';
import { isElectionError } from '../../port/errors.js';
import { type Candidate, type Cases, is, LONG, type SuiteContext } from './suite-context.js';

/** What happens when the store loses leases, or when others use it. */
export const losses: Cases = {
  'does not free a lost lease before it would have expired': async (suite) => {
    if (!suite.hooks.loseLease) return;
    const [leader, next] = [suite.candidate(suite.ttl), suite.candidate(suite.ttl)];
    const { token } = await leader.lead();
    await suite.hooks.loseLease(suite.key);
    assertWait(is(await next.acquire(), 'suspect').wait, suite.ttl);
    await leads(suite, next);
    assert.ok(next.token > token, `${next.token} is above ${token}`);
    assert.equal(is(await leader.renew(), 'lost').holder?.id, next.id);
  },

  'restores a lost lease when its holder renews': async (suite) => {
    if (!suite.hooks.loseLease) return;
    const leader = suite.candidate();
    const { token } = await leader.lead();
    await suite.hooks.loseLease(suite.key);
    is(await leader.renew(), 'renewed');
    const holder = is(await suite.candidate().acquire(), 'held').holder;
    assert.deepEqual([holder.id, holder.token], [leader.id, token]);
  },

  'frees a lost lease at once when its holder releases it': async (suite) => {
    if (!suite.hooks.loseLease) return;
    const [leader, next] = [suite.candidate(), suite.candidate()];
    await leader.lead();
    await suite.hooks.loseLease(suite.key);
    is(await leader.release(), 'gone');
    is(await leader.renew(), 'lost');
    await next.lead();
  },

  'detects a loss of all data if the candidate remembers a token': async (suite) => {
    if (!suite.hooks.flush) return;
    const [leader, next] = [suite.candidate(suite.ttl), suite.candidate(suite.ttl)];
    const { token } = await leader.lead();
    await suite.hooks.flush();
    assertWait(is(await next.acquire({ lastToken: token }), 'suspect').wait, suite.ttl);
    await leads(suite, next, token);
    assert.ok(next.token > token, `${next.token} is above ${token}`);
  },

  'treats an emptied store as new if the candidate remembers nothing': async (suite) => {
    if (!suite.hooks.flush) return;
    await suite.candidate().lead();
    await suite.hooks.flush();
    await suite.candidate().lead({ lastToken: 0, coldStart: 'elect' });
  },

  'waits one ttl at a store without a record if coldStart is wait': async (suite) => {
    const candidate = suite.candidate(suite.ttl);
    assertWait(is(await candidate.acquire({ coldStart: 'wait' }), 'suspect').wait, suite.ttl);
    const lead = async () => ((await candidate.acquire({ coldStart: 'wait' })).status === 'granted' ? true : undefined);
    await suite.until(lead, 3 * suite.ttl, 'it is granted after that');
  },

  'restores the lease in an emptied store when its holder renews': async (suite) => {
    if (!suite.hooks.flush) return;
    const leader = suite.candidate();
    const { token } = await leader.lead();
    await suite.hooks.flush();
    is(await leader.renew(), 'renewed');
    assert.deepEqual([(await suite.holder())?.id, (await suite.holder())?.token], [leader.id, token]);
    is(await suite.candidate().acquire({ lastToken: token }), 'held');
  },

  'reports the id of a holder without a record, and grants when its lease expires': async (suite) => {
    if (!suite.hooks.put) return;
    await suite.hooks.put(suite.key, 'foreign', suite.ttl);
    const next = suite.candidate(suite.ttl);
    const { expiresIn, ...known } = is(await next.acquire(), 'held').holder;
    assert.deepEqual(known, { id: 'foreign' });
    assert.ok(expiresIn > 0 && expiresIn <= suite.ttl, `expires in ${expiresIn} of ${suite.ttl} ms`);
    is(await next.release(), 'gone');
    await leads(suite, next);
  },

  'does not renew or release a lease that another holder has replaced': async (suite) => {
    if (!suite.hooks.put) return;
    const leader = suite.candidate();
    await leader.lead();
    await suite.hooks.put(suite.key, 'foreign', LONG);
    assert.equal(is(await leader.renew(), 'lost').holder?.id, 'foreign');
    is(await leader.release(), 'gone');
    assert.equal((await suite.holder())?.id, 'foreign');
  },

  'fails with KEY_CONFLICT at a key without an expiry, and leaves it unchanged': async (suite) => {
    if (!suite.hooks.put) return;
    await suite.hooks.put(suite.key, 'not a lease');
    const candidate = suite.candidate();
    for (const ask of [() => candidate.acquire(), () => suite.read(), () => candidate.acquire()]) {
      await assert.rejects(ask, (error) => isElectionError(error) && error.code === 'KEY_CONFLICT');
    }
    is(await candidate.release(), 'gone');
  },
};

/** Asks until granted, which must be within two ttls of a loss. */
async function leads(suite: SuiteContext, candidate: Candidate, lastToken = 0): Promise<void> {
  const lead = async () => ((await candidate.acquire({ lastToken })).status === 'granted' ? true : undefined);
  await suite.until(lead, 3 * suite.ttl, 'the next is granted');
}

function assertWait(wait: number, ttl: number): void {
  assert.ok(wait > 0 && wait <= ttl, `the wait of ${wait} ms is within the ttl of ${ttl}`);
}
