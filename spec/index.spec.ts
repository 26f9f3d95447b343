import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import * as api from '../lib/index.js';

describe('the package', () => {
  it('exports these values and no others', () => {
    expect(Object.keys(api).sort()).toEqual([
      'ElectionError',
      'elect',
      'isElectionError',
      'observe',
      'quorum',
      'replicated',
      'whileLeader',
    ]);
  });

  it('exports these types and no others', async () => {
    const source = await readFile(`${__dirname}/../lib/index.ts`, 'utf8');
    // Types leave no trace at run time. `export type { A, B }`, and `type C` among values.
    const lists = [...source.matchAll(/export (type )?\{([^}]*)\}/g)];
    const types = lists.flatMap(([, all, list = '']) =>
      list
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '' && (all !== undefined || name.startsWith('type ')))
        .map((name) => name.replace(/^type /, '')),
    );
    expect(source).not.toMatch(/export \*|export default|export (const|function|class|interface|enum)/);
    expect(types.sort()).toEqual([
      'Candidate',
      'Cleanup',
      'Clock',
      'Election',
      'ElectionErrorCode',
      'ElectionOptions',
      'FollowerReason',
      'Holder',
      'LeaseStore',
      'ObserveOptions',
      'QuorumOptions',
      'RedisClient',
      'ReplicatedOptions',
      'ResignOptions',
      'Role',
      'StoreOptions',
      'Term',
      'Transition',
      'WarningCode',
      'WorkResult',
    ]);
  });
});
