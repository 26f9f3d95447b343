import { entrantOf, type Kind } from '../field.js';

/** What was measured of everybody, in one setting. In all that is compared, less is better. */
export interface Table {
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

export interface Column {
  readonly title: string;
  readonly digits: number;
  /** Whether it is set against the best floor and the best rival. */
  readonly compared?: boolean;
}

export type Row = { readonly id: string } & (
  | { readonly figures: ReadonlyArray<number | undefined> }
  /** Why there are none. */
  | { readonly missing: string }
);

/**
 * The least that any of a kind has in a column; undefined where nobody of that kind has anything.
 */
export function best({ rows }: Table, column: number, kind: Kind): number | undefined {
  const figures = rows.flatMap((row) => {
    const figure = 'figures' in row ? row.figures[column] : undefined;
    return figure !== undefined && entrantOf(row.id).kind === kind ? [figure] : [];
  });
  return figures.length > 0 ? Math.min(...figures) : undefined;
}

const NONE = '–';

export const figureText = (figure: number | undefined, digits: number): string =>
  figure === undefined ? NONE : figure.toFixed(digits).replace(/\B(?<!\.\d*)(?=(\d{3})+(?!\d))/g, ' ');

/** `1.5x`: how many times `base` it is. Nothing where that says nothing, as beside zero. */
export function ratioText(figure: number | undefined, base: number | undefined): string {
  if (figure === undefined || base === undefined || base <= 0 || figure < 0) return NONE;
  const ratio = figure / base;
  if (ratio >= 99.5) return `${figureText(ratio, 0)}x`;
  return `${ratio === 0 ? '0.0' : ratio.toPrecision(2)}x`;
}

/** Lines for a terminal: names to the left, figures to the right, and why somebody is not there. */
export function tableLines(table: Table): string[] {
  const header = [
    '',
    ...table.columns.flatMap(({ title, compared }) => [title, ...(compared ? ['/floor', '/rival'] : [])]),
  ];
  const body = table.rows.map((row) => {
    const { label } = entrantOf(row.id);
    return 'missing' in row
      ? [label, row.missing]
      : [label, ...row.figures.flatMap((_, index) => cells(table, row, index))];
  });
  const full = body.filter((line) => line.length === header.length);
  const widths = header.map((title, index) =>
    Math.max(...[title, ...full.map((line) => line[index] ?? '')].map((cell) => cell.length)),
  );
  const first = Math.max(...body.map(([label = '']) => label.length), 0);
  const line = ([label = '', ...rest]: readonly string[]) => {
    const figures =
      rest.length === 1 && header.length > 2 ? rest : rest.map((cell, index) => cell.padStart(widths[index + 1] ?? 0));
    return `  ${label.padEnd(first)}  ${figures.join('  ')}`.trimEnd();
  };
  return [table.title, line(header), ...body.map(line)];
}

function cells(table: Table, { figures }: Extract<Row, { figures: unknown }>, index: number): string[] {
  const { digits, compared } = table.columns[index] as Column;
  const figure = figures[index];
  const ratios = ['floor', 'rival'] as const;
  return [
    figureText(figure, digits),
    ...(compared ? ratios.map((kind) => ratioText(figure, best(table, index, kind))) : []),
  ];
}
