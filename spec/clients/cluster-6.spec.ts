import { expect, it } from '@jest/globals';
import { keysOf } from '../../lib/redis/keys.js';
import { conforms } from './conforms.js';
import { kindsOf } from './kinds.js';

const servers = conforms(kindsOf('cluster', 6));

it('keeps the keys of one election in one slot, which a key prefix would not', async () => {
  const slots = async (prefix: string) => {
    const { lease, record, candidates } = keysOf('an election');
    const asked = [lease, record, candidates].map((key) => servers().run('CLUSTER', 'KEYSLOT', prefix + key));
    return new Set(await Promise.all(asked)).size;
  };
  expect([await slots(''), await slots('app:')]).toEqual([1, 2]);
});
