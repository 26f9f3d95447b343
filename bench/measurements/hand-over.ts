import { type Arena, rowOf } from '../arena.js';
import { entrantOf } from '../field.js';
import type { HandOverJob, HandOverResult } from '../job.js';
import type { Plan } from '../plan.js';
import { groupOf } from '../report/plot.js';
import type { Section } from '../report/section.js';
import type { Row, Table } from '../report/table.js';
import { TTL } from '../settings.js';
import { median, percentile } from '../statistics.js';

const COLUMNS = [
  { title: 'median ms', digits: 2, compared: true },
  { title: 'p99 ms', digits: 2, compared: true },
  { title: 'hand-overs', digits: 0 },
  { title: 'requests in 100 ms', digits: 0, compared: true },
  { title: 'requests in all', digits: 0 },
];

/** ms beyond what is planned: to start, to connect, and to wait for whoever is slow. */
const SPARE = 8 * TTL;
/** From this size on a contender keeps the machine busy, and has it for itself. */
const BUSY = 1_000;

export async function handOver(
  arena: Arena,
  { sizes, lasting, counted, together }: Plan['handOver'],
): Promise<Section> {
  const tables: Table[] = [];
  for (const { candidates, elections } of sizes) {
    arena.say(`hand-over, ${candidates} candidates`);
    const job: HandOverJob = { kind: 'hand-over', candidates, elections, lasting, counted };
    const row = (id: string) => rowOf(arena, id, job, lasting + SPARE, figuresOf);
    tables.push({
      title: `${candidates} candidates`,
      columns: COLUMNS,
      rows: await inTurn(arena.entrants, candidates < BUSY ? together : 1, row),
    });
  }
  const plot = (column: number, title: string, unit: string) => ({
    title,
    subtitle:
      'From the resignation until the next one knows that it leads; each candidate with a connection of its own',
    unit,
    groups: tables.map((table) => groupOf(table, column, table.title)),
  });
  return {
    title: 'Graceful hand-over',
    notes: [
      'From the call that resigns until the next one knows that it leads. Each candidate has a connection of its own; all are in one process.',
      'Requests: of the candidates, on average, within 100 ms of a release, and from it until 100 ms after the next one led. A script is one.',
      'Where there are fewer than 100 hand-overs, p99 is the slowest.',
    ],
    tables,
    plots: {
      'hand-over': plot(0, 'Graceful hand-over: median', 'ms'),
      herd: plot(3, 'Requests in the 100 ms after a release', ''),
    },
  };
}

/**
 * One after the other, rivals `together` at a time; rows in the order of `ids`, where rivals come
 * last.
 */
async function inTurn(ids: readonly string[], together: number, row: (id: string) => Promise<Row>): Promise<Row[]> {
  const rows: Row[] = [];
  while (rows.length < ids.length) {
    const next = ids.slice(rows.length, rows.length + together);
    const rivals = next.every((id) => entrantOf(id).kind === 'rival');
    rows.push(...(await Promise.all(next.slice(0, rivals ? together : 1).map(row))));
  }
  return rows;
}

const mean = (values: readonly number[]): number | undefined =>
  values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : undefined;

const figuresOf = ({ times, within, altogether }: HandOverResult) => [
  median(times),
  percentile(times, 99),
  times.length,
  mean(within),
  mean(altogether),
];
