import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { nameOf, ROWS } from '../../../proof/failover/run.js';
import { tableIn } from '../../../proof/failover/table.js';

/** The first three cells of each line of the table in docs/deployments/topologies.md. */
function documented(): string[] {
  const lines = tableIn(readFileSync('docs/deployments/topologies.md', 'utf8')).split('\n');
  const rows = lines.filter((line) => line.startsWith('| ') && !/^\| (---|topology) /.test(line));
  return rows.map((line) => line.slice(2, -2).split(' | ').slice(0, 3).join(' | '));
}

describe('docs/deployments/topologies.md', () => {
  it('has a row for each fault and client that is measured, and no other', () => {
    expect(documented()).toEqual(ROWS.map(({ topology, fault, client }) => `${topology} | ${fault} | ${client}`));
    expect(documented().length).toBeGreaterThan(30);
  });

  it('has a section for each topology', () => {
    const page = readFileSync('docs/deployments/topologies.md', 'utf8').toLowerCase();
    const topologies = [...new Set(ROWS.map(({ topology }) => topology))];
    expect(topologies.filter((topology) => !new RegExp(`^## .*${topology}`, 'm').test(page))).toEqual([]);
  });
});

describe('the rows of a failover series', () => {
  it('have names of their own', () => {
    const names = ROWS.map(nameOf);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
    expect(names.filter((name) => name.includes('|'))).toEqual([]);
  });
});
