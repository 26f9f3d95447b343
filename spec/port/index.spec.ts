import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import * as store from 'rx-leader/store';

describe('rx-leader/store', () => {
  it('exports the rules, these types, and nothing else', () => {
    expect(Object.keys(store)).toEqual(['rules']);
    const source = readFileSync('lib/port/index.ts', 'utf8');
    // `export type { A, B }`, and `type C` among values.
    const types = [...source.matchAll(/^export (type )?\{([^}]*)\}/gm)].flatMap(([, all, list = '']) =>
      list
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '' && (all !== undefined || name.startsWith('type ')))
        .map((name) => name.replace(/^type /, '')),
    );
    expect(types.sort()).toEqual([
      'Candidates',
      'ColdStart',
      'Entry',
      'Holder',
      'Lease',
      'LeaseRecord',
      'LeaseReply',
      'LeaseRequest',
      'LeaseStore',
      'LeaseVerb',
      'Notice',
      'Outcome',
      'ReplyTo',
      'RequestLimits',
      'RequestOf',
      'Rule',
      'Rules',
      'Server',
      'Sight',
      'Standing',
      'Watched',
    ]);
    expect(source).not.toMatch(/export \*|export default|export (const|function|class|interface|enum)/);
  });

  it('is exported as both module formats', () => {
    const { exports, typesVersions } = JSON.parse(readFileSync('package.json', 'utf8'));
    const format = (name: string) => ({
      types: `./dist/${name}/port/index.d.ts`,
      default: `./dist/${name}/port/index.js`,
    });
    expect(exports['./store']).toEqual({ import: format('esm'), require: format('cjs') });
    expect(typesVersions['*'].store).toEqual([format('cjs').types]);
  });
});
