import { describe, expect, it } from '@jest/globals';
import { groupOf, svg } from '../../bench/report/plot.js';
import { sectionLines } from '../../bench/report/summary.js';
import type { Table } from '../../bench/report/table.js';

const table: Table = {
  title: 'two candidates',
  columns: [{ title: 'ms', digits: 1 }],
  rows: [
    { id: 'rx-leader', figures: [2.5] },
    { id: 'floor-one', figures: [0] },
    { id: 'redlock-4', missing: 'it cannot' },
  ],
};

describe('the text of a measurement', () => {
  it('is what it is, how to read it, and its tables', () => {
    const lines = sectionLines({ title: 'Hand-over', notes: ['By wire.'], tables: [table], plots: {} });
    expect(lines.slice(0, 5)).toEqual(['', 'Hand-over', '  By wire.', '', 'two candidates']);
    expect(lines).toHaveLength(9);
    expect(lines[8]).toMatch(/redlock 4\.2\.0 +it cannot$/);
  });
});

describe('a plot', () => {
  const group = groupOf(table, 0, 'two');
  const draw = (groups = [group]) => svg({ title: 'Hand-over', subtitle: 'a < b', unit: 'ms', groups });

  it('has a bar for each who has a figure', () => {
    expect(group).toEqual({
      label: 'two',
      digits: 1,
      bars: [
        { id: 'rx-leader', figure: 2.5 },
        { id: 'floor-one', figure: 0 },
      ],
    });
    expect(draw().match(/rx="2"/g)).toHaveLength(2);
    expect(draw()).toContain('in ms: two: rx-leader 2.5, bare socket, one woken 0.0.');
  });

  it('is drawn also where nothing is more than zero, or nothing is there', () => {
    const nothing = { label: 'none', digits: 0, bars: [{ id: 'rx-leader', figure: 0 }] };
    for (const drawn of [draw([nothing]), draw([])]) {
      expect(drawn).toContain('a &lt; b');
      expect(drawn).not.toMatch(/NaN|Infinity/);
    }
  });

  it('gives more room to what is more', () => {
    const bars = [1, 10, 1_000].map((figure) => ({ id: 'rx-leader', figure }));
    const widths = [...draw([{ label: '', digits: 0, bars }]).matchAll(/width="([\d.]+)" height="12"/g)].map(
      ([, width]) => Number(width),
    );
    expect(widths).toHaveLength(3);
    expect(widths).toEqual([...widths].sort((a, b) => a - b));
    expect((widths[2] ?? 0) - (widths[1] ?? 0)).toBeCloseTo(2 * ((widths[1] ?? 0) - (widths[0] ?? 0)), 0);
  });
});
