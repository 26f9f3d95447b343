import { describe, expect, it } from '@jest/globals';
import { elect, type Transition } from 'rx-leader';
import { MemoryLeaseStore } from 'rx-leader/testing';
import { until } from '../support/until.js';

describe('an election with many short subscriptions', () => {
  it('leads, and closes, after thousands of subscriptions that ended during the release (G5, G6)', async () => {
    const election = elect({ store: new MemoryLeaseStore(), key: 'churn', ttl: 1_000 });
    for (let turn = 0; turn < 5_000; turn++) election.subscribe().unsubscribe();
    const told: Transition[] = [];
    election.subscribe((transition) => told.push(transition));
    await until(() => told.length > 0);
    expect(told).toMatchObject([{ role: 'leader' }]);
    await election.close();
    expect(told).toMatchObject([{ role: 'leader' }, { role: 'follower', reason: 'closed' }]);
  });

  it('works without notices if the store cannot publish any', async () => {
    const memory = new MemoryLeaseStore();
    const store = {
      acquire: memory.acquire.bind(memory),
      renew: memory.renew.bind(memory),
      release: memory.release.bind(memory),
      read: memory.read.bind(memory),
      notices: () => {
        throw new Error('no notices here');
      },
    };
    const election = elect({ store, key: 'mute', ttl: 1_000 });
    const told: Transition[] = [];
    election.subscribe((transition) => told.push(transition));
    await until(() => told.length > 0);
    expect(told).toMatchObject([{ role: 'leader' }]);
    await election.close();
  });
});
