import { strict as assert } from 'node:assert';
import { type Cases, is, LONG, type SuiteContext } from './suite-context.js';

/** Who gets the lease, who may change it, and what other candidates learn. */
export const claims: Cases = {
  'grants a free lease to exactly one of many simultaneous candidates': async (suite) => {
    const candidates = Array.from({ length: 8 }, () => suite.candidate());
    const replies = await Promise.all(candidates.map((candidate) => candidate.acquire()));
    const winners = replies.flatMap((reply, i) => (reply.status === 'granted' ? [candidates[i]?.id] : []));
    assert.equal(winners.length, 1, `one is granted, not ${winners.length}`);
    for (const reply of replies) {
      if (reply.status !== 'granted') assert.equal(is(reply, 'held').holder.id, winners[0]);
    }
  },

  'reports the holder to others: id, name, data, token and expiry': async (suite) => {
    const leader = suite.candidate();
    const { token } = await leader.lead({ name: 'the leader', data: 'http://leader' });
    const replies = [is(await suite.candidate().acquire(), 'held'), is(await suite.read(), 'held')];
    for (const { holder } of replies) {
      const { expiresIn, ...known } = holder;
      assert.deepEqual(known, { id: leader.id, name: 'the leader', data: 'http://leader', token });
      assert.ok(expiresIn > 0 && expiresIn <= LONG, `expires in ${expiresIn} of ${LONG} ms`);
    }
  },

  'omits data that was not given': async (suite) => {
    await suite.candidate().lead();
    assert.equal(is(await suite.read(), 'held').holder.data, undefined);
  },

  'returns any text unchanged': async (suite) => {
    const odd = '{"a": "b\'c"}\n\t\\ %s %00 ключ 鍵 🗝 ]] -- $1';
    const key = `${suite.key} ${odd}`;
    const leader = suite.candidate(LONG, key);
    await leader.lead({ name: odd, data: odd.repeat(50) });
    const holder = await suite.holder(key);
    assert.deepEqual([holder?.id, holder?.name, holder?.data], [leader.id, odd, odd.repeat(50)]);
    is(await leader.renew({ name: 'plain' }), 'renewed');
    assert.equal((await suite.holder(key))?.name, 'plain');
    is(await leader.release(), 'released');
  },

  'keeps elections separate': async (suite) => {
    const [one, other] = [suite.candidate(), suite.candidate(LONG, `${suite.key} too`)];
    await one.lead();
    await other.lead();
    is(await one.release(), 'released');
    assert.equal((await suite.holder(`${suite.key} too`))?.id, other.id);
    is(await other.release(), 'released');
  },

  'treats a repeated request as the same grant': async (suite) => {
    const leader = suite.candidate();
    const first = await leader.lead();
    const second = await leader.lead();
    assert.equal(second.token, first.token);
    assert.equal(second.run, first.run);
    is(await leader.release(), 'released');
    is(await suite.read(), 'free');
  },

  'renews only for the holder': async (suite) => {
    const [leader, stranger] = [suite.candidate(), suite.candidate()];
    const { token } = await leader.lead();
    assert.equal(is(await stranger.renew({ token: token + 1 }), 'lost').holder?.id, leader.id);
    assert.equal((await suite.holder())?.id, leader.id);
    is(await leader.renew(), 'renewed');
  },

  'releases only for the holder': async (suite) => {
    const [leader, stranger] = [suite.candidate(), suite.candidate()];
    is(await stranger.release(), 'gone');
    await leader.lead();
    is(await stranger.release(), 'gone');
    assert.equal((await suite.holder())?.id, leader.id);
    is(await leader.renew(), 'renewed');
  },

  'frees the lease on release, and rejects later requests of the released term': async (suite) => {
    const [leader, next] = [suite.candidate(), suite.candidate()];
    await leader.lead();
    is(await leader.release(), 'released');
    is(await suite.read(), 'free');
    is(await leader.renew(), 'lost');
    is(await leader.release(), 'gone');
    await next.lead();
    assert.equal(is(await leader.renew(), 'lost').holder?.id, next.id);
  },

  'changes nothing on a read': async (suite) => {
    is(await suite.read(), 'free');
    const leader = suite.candidate(suite.ttl);
    await leader.lead();
    await lapse(suite);
    await suite.candidate().lead();
  },
};

/** Reads until nobody holds the lease. */
async function lapse(suite: SuiteContext): Promise<void> {
  const free = async () => ((await suite.holder()) ? undefined : true);
  await suite.until(free, 2 * suite.ttl, 'the lease runs out while it is being read');
}
