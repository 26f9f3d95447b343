import { strict as assert } from 'node:assert';
import { isElectionError } from '../../port/errors.js';
import { type Candidate, type Cases, is, LONG, type SuiteContext } from './bench.js';

/** What happens when the store itself loses leases, or others use it. */
export const losses: Cases = {
  'does not free a lease that it lost, before it would have run out': async (bench) => {
    if (!bench.hooks.loseLease) return;
    const [leader, next] = [bench.candidate(bench.ttl), bench.candidate(bench.ttl)];
    const { token } = await leader.lead();
    await bench.hooks.loseLease(bench.key);
    assertWait(is(await next.acquire(), 'suspect').wait, bench.ttl);
    await leads(bench, next);
    assert.ok(next.token > token, `${next.token} is above ${token}`);
    assert.equal(is(await leader.renew(), 'lost').holder?.id, next.id);
  },

  'puts a lost lease back when its holder renews': async (bench) => {
    if (!bench.hooks.loseLease) return;
    const leader = bench.candidate();
    const { token } = await leader.lead();
    await bench.hooks.loseLease(bench.key);
    is(await leader.renew(), 'renewed');
    const holder = is(await bench.candidate().acquire(), 'held').holder;
    assert.deepEqual([holder.id, holder.token], [leader.id, token]);
  },

  'frees a lost lease at once when its holder releases it': async (bench) => {
    if (!bench.hooks.loseLease) return;
    const [leader, next] = [bench.candidate(), bench.candidate()];
    await leader.lead();
    await bench.hooks.loseLease(bench.key);
    is(await leader.release(), 'gone');
    is(await leader.renew(), 'lost');
    await next.lead();
  },

  'takes an emptied store for a loss, if the candidate remembers a token': async (bench) => {
    if (!bench.hooks.flush) return;
    const [leader, next] = [bench.candidate(bench.ttl), bench.candidate(bench.ttl)];
    const { token } = await leader.lead();
    await bench.hooks.flush();
    assertWait(is(await next.acquire({ lastToken: token }), 'suspect').wait, bench.ttl);
    await leads(bench, next, token);
    assert.ok(next.token > token, `${next.token} is above ${token}`);
  },

  'takes an emptied store for a new one, if the candidate remembers nothing': async (bench) => {
    if (!bench.hooks.flush) return;
    await bench.candidate().lead();
    await bench.hooks.flush();
    await bench.candidate().lead({ lastToken: 0, coldStart: 'elect' });
  },

  'waits a ttl at a store that knows nothing, if told to': async (bench) => {
    const candidate = bench.candidate(bench.ttl);
    assertWait(is(await candidate.acquire({ coldStart: 'wait' }), 'suspect').wait, bench.ttl);
    const lead = async () => ((await candidate.acquire({ coldStart: 'wait' })).status === 'granted' ? true : undefined);
    await bench.until(lead, 3 * bench.ttl, 'it is granted after that');
  },

  'puts the lease back into an emptied store when its holder renews': async (bench) => {
    if (!bench.hooks.flush) return;
    const leader = bench.candidate();
    const { token } = await leader.lead();
    await bench.hooks.flush();
    is(await leader.renew(), 'renewed');
    assert.deepEqual([(await bench.holder())?.id, (await bench.holder())?.token], [leader.id, token]);
    is(await bench.candidate().acquire({ lastToken: token }), 'held');
  },

  'tells of a holder that writes no record by its id, and grants when that is gone': async (bench) => {
    if (!bench.hooks.put) return;
    await bench.hooks.put(bench.key, 'foreign', bench.ttl);
    const next = bench.candidate(bench.ttl);
    const { expiresIn, ...known } = is(await next.acquire(), 'held').holder;
    assert.deepEqual(known, { id: 'foreign' });
    assert.ok(expiresIn > 0 && expiresIn <= bench.ttl, `expires in ${expiresIn} of ${bench.ttl} ms`);
    is(await next.release(), 'gone');
    await leads(bench, next);
  },

  'lets no holder renew or release what another has put in its place': async (bench) => {
    if (!bench.hooks.put) return;
    const leader = bench.candidate();
    await leader.lead();
    await bench.hooks.put(bench.key, 'foreign', LONG);
    assert.equal(is(await leader.renew(), 'lost').holder?.id, 'foreign');
    is(await leader.release(), 'gone');
    assert.equal((await bench.holder())?.id, 'foreign');
  },

  'fails with KEY_CONFLICT at something that never runs out, and lets it be': async (bench) => {
    if (!bench.hooks.put) return;
    await bench.hooks.put(bench.key, 'not a lease');
    const candidate = bench.candidate();
    for (const ask of [() => candidate.acquire(), () => bench.read(), () => candidate.acquire()]) {
      await assert.rejects(ask, (error) => isElectionError(error) && error.code === 'KEY_CONFLICT');
    }
    is(await candidate.release(), 'gone');
  },
};

/** Asks until granted, which is within two ttls of a loss. */
async function leads(bench: SuiteContext, candidate: Candidate, lastToken = 0): Promise<void> {
  const lead = async () => ((await candidate.acquire({ lastToken })).status === 'granted' ? true : undefined);
  await bench.until(lead, 3 * bench.ttl, 'the next is granted');
}

function assertWait(wait: number, ttl: number): void {
  assert.ok(wait > 0 && wait <= ttl, `the wait of ${wait} ms is within the ttl of ${ttl}`);
}
