import { type Series, type Spread, seriesOf } from './figures.js';
import type { Result, Row } from './run.js';

const TITLES = [
  'topology',
  'fault',
  'client',
  'nobody led: median (max)',
  'next term after: median (max)',
  'term kept',
  'two led: median (max)',
  'tokens rose',
];

const NONE = '–';

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** What was measured, as a page of documentation shows it. */
export function tableOf(results: readonly Result[]): string {
  return [line(TITLES), line(TITLES.map(() => '---')), ...results.map((result) => line(cellsOf(result)))].join('\n');
}

function cellsOf({ row, outcomes, failures }: Result): string[] {
  const series = seriesOf(outcomes);
  const { count, leaderless, nextAfter, kept, overlap, fell } = series;
  const names = [row.topology, row.fault, row.client];
  const missing = failures.length > 0 ? `; ${failures.length} not measured: ${failures[0]}` : '';
  if (count === 0)
    return [...names, `**not measured**: ${failures[0] ?? 'not tried'}`, ...TITLES.slice(4).map(() => NONE)];
  const wrong = contradictions(row, series).length > 0;
  const often = overlap && overlap.count < count ? `, in ${overlap.count} of ${count}` : '';
  return [
    ...names,
    spreadText(leaderless) + missing,
    spreadText(nextAfter),
    kept === 0 ? 'no' : kept === count ? 'yes' : `${kept} of ${count}`,
    overlap ? stressed(`${spreadText(overlap)}${often}`, wrong) : 'no',
    fell === 0 ? 'yes' : stressed(`not in ${fell} of ${count}`, wrong),
  ];
}

/** How a row contradicts the contract. */
export function contradictions({ promises }: Row, { overlap, fell }: Series): string[] {
  return [
    ...(fell > 0 ? ['tokens did not rise'] : []),
    ...(promises === 'one leader' && overlap ? ['two led at once'] : []),
  ];
}

const stressed = (text: string, wrong: boolean): string => (wrong ? `**${text}**` : text);

const spreadText = (spread: Spread | undefined): string =>
  spread ? (spread.max === 0 ? '0' : `${seconds(spread.median)} (${seconds(spread.max)})`) : NONE;

const seconds = (ms: number): string => (ms === 0 ? '0' : `${(ms / 1_000).toFixed(2)} s`);

const BEGIN = '<!-- npm run failover -- --write: begin -->';
const END = '<!-- end -->';

/** `page` with `text` between its markers. */
export function withTable(page: string, text: string): string {
  const [from, to] = bounds(page);
  return `${page.slice(0, from)}\n${text}\n${page.slice(to)}`;
}

/** What is between the markers of `page`. */
export function tableIn(page: string): string {
  return page.slice(...bounds(page)).trim();
}

function bounds(page: string): [number, number] {
  const from = page.indexOf(BEGIN) + BEGIN.length;
  const to = page.indexOf(END, from);
  if (from < BEGIN.length || to < 0) throw new Error(`the page has no place for the table: ${BEGIN} … ${END}`);
  return [from, to];
}
