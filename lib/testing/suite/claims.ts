import { strict as assert } from 'node:assert';
import { type Cases, is, LONG, type SuiteContext } from './bench.js';

/** Who gets the lease, who may touch it, and what the others are told. */
export const claims: Cases = {
  'grants a lease that nobody holds, and only one of many who ask at once': async (bench) => {
    const candidates = Array.from({ length: 8 }, () => bench.candidate());
    const replies = await Promise.all(candidates.map((candidate) => candidate.acquire()));
    const winners = replies.flatMap((reply, i) => (reply.status === 'granted' ? [candidates[i]?.id] : []));
    assert.equal(winners.length, 1, `one is granted, not ${winners.length}`);
    for (const reply of replies) {
      if (reply.status !== 'granted') assert.equal(is(reply, 'held').holder.id, winners[0]);
    }
  },

  'tells others the holder: its id, name, data, token, and how long its lease lasts': async (bench) => {
    const leader = bench.candidate();
    const { token } = await leader.lead({ name: 'the leader', data: 'http://leader' });
    const told = [is(await bench.candidate().acquire(), 'held'), is(await bench.read(), 'held')];
    for (const { holder } of told) {
      const { expiresIn, ...known } = holder;
      assert.deepEqual(known, { id: leader.id, name: 'the leader', data: 'http://leader', token });
      assert.ok(expiresIn > 0 && expiresIn <= LONG, `expires in ${expiresIn} of ${LONG} ms`);
    }
  },

  'leaves out data that was not given': async (bench) => {
    await bench.candidate().lead();
    assert.equal(is(await bench.read(), 'held').holder.data, undefined);
  },

  'hands back any text unaltered': async (bench) => {
    const odd = '{"a": "b\'c"}\n\t\\ %s %00 ключ 鍵 🗝 ]] -- $1';
    const key = `${bench.key} ${odd}`;
    const leader = bench.candidate(LONG, key);
    await leader.lead({ name: odd, data: odd.repeat(50) });
    const holder = await bench.holder(key);
    assert.deepEqual([holder?.id, holder?.name, holder?.data], [leader.id, odd, odd.repeat(50)]);
    is(await leader.renew({ name: 'plain' }), 'renewed');
    assert.equal((await bench.holder(key))?.name, 'plain');
    is(await leader.release(), 'released');
  },

  'keeps elections apart': async (bench) => {
    const [one, other] = [bench.candidate(), bench.candidate(LONG, `${bench.key} too`)];
    await one.lead();
    await other.lead();
    is(await one.release(), 'released');
    assert.equal((await bench.holder(`${bench.key} too`))?.id, other.id);
    is(await other.release(), 'released');
  },

  'takes a repeated request for the same, not for a second grant': async (bench) => {
    const leader = bench.candidate();
    const first = await leader.lead();
    const second = await leader.lead();
    assert.equal(second.token, first.token);
    assert.equal(second.run, first.run);
    is(await leader.release(), 'released');
    is(await bench.read(), 'free');
  },

  'renews for the holder only': async (bench) => {
    const [leader, stranger] = [bench.candidate(), bench.candidate()];
    const { token } = await leader.lead();
    assert.equal(is(await stranger.renew({ token: token + 1 }), 'lost').holder?.id, leader.id);
    assert.equal((await bench.holder())?.id, leader.id);
    is(await leader.renew(), 'renewed');
  },

  'releases for the holder only': async (bench) => {
    const [leader, stranger] = [bench.candidate(), bench.candidate()];
    is(await stranger.release(), 'gone');
    await leader.lead();
    is(await stranger.release(), 'gone');
    assert.equal((await bench.holder())?.id, leader.id);
    is(await leader.renew(), 'renewed');
  },

  'frees the lease at once when it is released, and for the released term no more': async (bench) => {
    const [leader, next] = [bench.candidate(), bench.candidate()];
    await leader.lead();
    is(await leader.release(), 'released');
    is(await bench.read(), 'free');
    is(await leader.renew(), 'lost');
    is(await leader.release(), 'gone');
    await next.lead();
    assert.equal(is(await leader.renew(), 'lost').holder?.id, next.id);
  },

  'changes nothing by reading': async (bench) => {
    is(await bench.read(), 'free');
    const leader = bench.candidate(bench.ttl);
    await leader.lead();
    await lapse(bench);
    await bench.candidate().lead();
  },
};

/** Reads until nobody holds the lease. */
async function lapse(bench: SuiteContext): Promise<void> {
  const free = async () => ((await bench.holder()) ? undefined : true);
  await bench.until(free, 2 * bench.ttl, 'the lease runs out while it is being read');
}
