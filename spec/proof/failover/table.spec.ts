import { describe, expect, it } from '@jest/globals';
import type { Outcome } from '../../../proof/failover/figures.js';
import { type Result, ROWS, type Row } from '../../../proof/failover/run.js';
import { contradictions, tableIn, tableOf, withTable } from '../../../proof/failover/table.js';

const row: Row = {
  ...(ROWS[0] as Row),
  topology: 'cluster',
  fault: 'kill -9',
  client: 'ioredis',
  promises: 'one leader',
};
const span = { who: 'a', token: 1, first: 0, last: 1 };
const outcome = (facts: Partial<Outcome> = {}): Outcome => ({
  leaderless: 0,
  nextAfter: undefined,
  overlap: undefined,
  tokensRose: true,
  ...facts,
});
const overlap = { lasted: 1_234, first: span, second: span };
const cells = (facts: Partial<Result>) => {
  const [, , line = ''] = tableOf([{ row, outcomes: [outcome()], failures: [], ...facts }]).split('\n');
  return line.slice(2, -2).split(' | ').slice(3);
};

describe('the table of a failover series', () => {
  it('has a title for each cell, and a line for each row', () => {
    const lines = tableOf([
      { row, outcomes: [outcome()], failures: [] },
      { row, outcomes: [], failures: ['why'] },
    ]).split('\n');
    expect(lines).toHaveLength(4);
    expect(new Set(lines.map((line) => line.split(' | ').length)).size).toBe(1);
    expect(lines[2]).toBe('| cluster | kill -9 | ioredis | 0 | – | yes | no | yes |');
  });

  it.each<[string, Partial<Result>, string[]]>([
    [
      'another term each time',
      {
        outcomes: [outcome({ leaderless: 3_210, nextAfter: 4_560 }), outcome({ leaderless: 1_000, nextAfter: 2_000 })],
      },
      ['2.10 s (3.21 s)', '3.28 s (4.56 s)', 'no', 'no', 'yes'],
    ],
    [
      'another term sometimes',
      { outcomes: [outcome({ leaderless: 100, nextAfter: 2_000 }), outcome(), outcome()] },
      ['0 (0.10 s)', '2.00 s (2.00 s)', '2 of 3', 'no', 'yes'],
    ],
    [
      'two leaders where only tokens tell them apart',
      { row: { ...row, promises: 'tokens' }, outcomes: [outcome({ overlap }), outcome()] },
      ['0', '–', 'yes', '1.23 s (1.23 s), in 1 of 2', 'yes'],
    ],
    [
      'two leaders where one is promised',
      { outcomes: [outcome({ overlap })] },
      ['0', '–', 'yes', '**1.23 s (1.23 s)**', 'yes'],
    ],
    [
      'tokens that fall',
      { row: { ...row, promises: 'tokens' }, outcomes: [outcome({ tokensRose: false }), outcome()] },
      ['0', '–', 'yes', 'no', '**not in 1 of 2**'],
    ],
    [
      'nothing',
      { outcomes: [], failures: ['no leader', 'no server'] },
      ['**not measured**: no leader', '–', '–', '–', '–'],
    ],
    ['not each repetition', { failures: ['no leader'] }, ['0; 1 not measured: no leader', '–', 'yes', 'no', 'yes']],
  ])('tells of %s', (_, facts, expected) => {
    expect(cells(facts)).toEqual(expected);
  });
});

describe('what contradicts the contract', () => {
  const series = { count: 2, leaderless: undefined, nextAfter: undefined, kept: 0, overlap: undefined, fell: 0 };
  const two = { median: 1, max: 1, count: 1 };

  it.each([
    ['one leader', {}, []],
    ['one leader', { overlap: two }, ['two led at once']],
    ['tokens', { overlap: two }, []],
    ['tokens', { overlap: two, fell: 1 }, ['tokens did not rise']],
  ] as const)('where %s is promised, of %j: %j', (promises, facts, expected) => {
    expect(contradictions({ ...row, promises }, { ...series, ...facts })).toEqual(expected);
  });
});

describe('a page with a place for the table', () => {
  const page = 'before\n<!-- npm run failover -- --write: begin -->\nold\n<!-- end -->\nafter\n';

  it('gets it in that place, as often as one likes', () => {
    const written = withTable(withTable(page, 'a longer one'), 'new');
    expect(written).toBe(page.replace('old', 'new'));
    expect(tableIn(written)).toBe('new');
  });

  it.each([page.replace('begin', 'end'), page.replace('<!-- end -->', '')])('is wanted: %j', (other) => {
    expect(() => withTable(other, 'new')).toThrow('no place for the table');
  });
});
