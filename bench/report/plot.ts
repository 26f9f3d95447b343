import { tag, text } from '../../scripts/drawing/markup.js';
import { INK, MONO, page } from '../../scripts/drawing/page.js';
import { entrantOf, type Kind } from '../field.js';
import { figureText, type Table } from './table.js';

/**
 * Bars, a group for each setting; on a scale where each step is ten times the one before, because
 * the figures are that far apart.
 */
export interface Plot {
  readonly title: string;
  readonly subtitle: string;
  readonly unit: string;
  readonly groups: readonly Group[];
}

export interface Group {
  readonly label: string;
  readonly digits: number;
  readonly bars: ReadonlyArray<{ readonly id: string; readonly figure: number }>;
}

/** One column of a table. */
export function groupOf({ columns, rows }: Table, column: number, label: string): Group {
  const bars = rows.flatMap((row) => {
    const figure = 'figures' in row ? row.figures[column] : undefined;
    return figure === undefined ? [] : [{ id: row.id, figure }];
  });
  return { label, digits: columns[column]?.digits ?? 0, bars };
}

const WIDTH = 900;
const LEFT = 220;
const RIGHT = WIDTH - 110;
const TOP = 92;
const ROW = 19;
const BAR = 12;
/** Height of a group's heading. */
const HEAD = 34;

const COLORS: Readonly<Record<Kind, string>> = { ours: '#3fb950', floor: '#93a1b3', rival: '#4d8fb5' };

export function svg({ title, subtitle, unit, groups }: Plot): string {
  const [least, most] = decades(groups.flatMap(({ bars }) => bars.map(({ figure }) => figure)));
  const x = (figure: number) => {
    const share = (Math.log10(Math.max(figure, 10 ** least)) - least) / (most - least);
    return LEFT + share * (RIGHT - LEFT);
  };
  const content: string[] = [];
  let y = TOP;
  for (const { label, digits, bars } of groups) {
    content.push(text(24, y + 14, label, { fill: INK.text, 'font-size': 13.5, 'font-weight': 600 }));
    y += HEAD - 8;
    for (const { id, figure } of bars) {
      const { label: name, kind } = entrantOf(id);
      const fill = COLORS[kind];
      content.push(
        text(LEFT - 10, y + 10, name, { fill: INK.muted, 'font-size': 12, 'text-anchor': 'end' }),
        tag('rect', { x: LEFT, y: y + 1, width: Math.max(2, x(figure) - LEFT), height: BAR, rx: 2, fill }),
        text(Math.max(LEFT + 2, x(figure)) + 8, y + 11, figureText(figure, digits), {
          fill,
          'font-family': MONO,
          'font-size': 11.5,
        }),
      );
      y += ROW;
    }
    y += 8;
  }
  const height = y + 34;
  const caption = { title, subtitle, result: '', ok: true };
  const description = `${title}, in ${unit}: ${groups.map(described).join('; ')}.`;
  const axis = grid(least, most, unit, x, y);
  return page({ width: WIDTH, height, caption, description, definitions: '' }, [...axis, ...content]);
}

/**
 * The powers of ten around all figures. What is zero or less has no place on the scale, and the
 * least of bars.
 */
function decades(figures: readonly number[]): [number, number] {
  const positive = figures.filter((figure) => figure > 0);
  if (positive.length === 0) return [0, 1];
  const least = Math.floor(Math.log10(Math.min(...positive)) - 0.1);
  return [least, Math.max(least + 1, Math.ceil(Math.log10(Math.max(...positive))))];
}

const grid = (least: number, most: number, unit: string, x: (figure: number) => number, bottom: number): string[] =>
  Array.from({ length: most - least + 1 }, (_, index) => least + index).flatMap((power) => [
    tag('path', { d: `M${Math.round(x(10 ** power))} ${TOP} V${bottom}`, stroke: INK.edge, 'stroke-width': 1 }),
    text(x(10 ** power), bottom + 16, `${figureText(10 ** power, Math.max(0, -power))} ${unit}`, {
      fill: INK.muted,
      'font-size': 11,
      'text-anchor': 'middle',
    }),
  ]);

const described = ({ label, digits, bars }: Group): string =>
  `${label}: ${bars.map(({ id, figure }) => `${entrantOf(id).label} ${figureText(figure, digits)}`).join(', ')}`;
