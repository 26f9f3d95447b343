import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import * as store from 'rx-leader/store';

describe('rx-leader/store', () => {
  it('exports these types, no others, and no value', () => {
    expect(Object.keys(store)).toEqual([]);
    const source = readFileSync('lib/port/index.ts', 'utf8');
    const [, list = ''] = /^export type \{([^}]*)\}/m.exec(source) ?? [];
    const listed = list.split(',').map((name) => name.trim());
    const declared = [...source.matchAll(/^export type (\w+)/gm)].map(([, name = '']) => name);
    expect([...listed, ...declared].filter((name) => name !== '').sort()).toEqual([
      'ColdStart',
      'Holder',
      'LeaseReply',
      'LeaseRequest',
      'LeaseStore',
      'LeaseVerb',
      'Notice',
      'ReplyTo',
      'RequestLimits',
      'RequestOf',
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
