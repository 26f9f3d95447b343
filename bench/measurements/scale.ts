import { type Arena, rowOf } from '../arena.js';
import type { ScaleJob, ScaleResult } from '../job.js';
import type { Plan } from '../plan.js';
import { groupOf } from '../report/plot.js';
import type { Section } from '../report/section.js';
import type { Row, Table } from '../report/table.js';

const COLUMNS = [
  { title: 'CPU s in 30 s', digits: 2, compared: true },
  { title: 'heap kB each', digits: 1, compared: true },
  { title: 'delay p99 ms', digits: 1 },
  { title: 'delay max ms', digits: 1 },
  { title: 'measured s', digits: 0 },
  { title: 'leases held', digits: 0 },
];

/** ms beyond the time measured: to start, until all lead, and to collect garbage. */
const SPARE = 75_000;

export async function scale(arena: Arena, rounds: Plan['scale']): Promise<Section> {
  const tables: Table[] = [];
  for (const { elections, lasting } of rounds) {
    const rows: Row[] = [];
    for (const id of arena.entrants.filter((entrant) => entrant in lasting)) {
      arena.say(`${elections} elections, ${id}`);
      const job: ScaleJob = { kind: 'scale', elections, lasting: lasting[id] ?? 0 };
      rows.push(await rowOf(arena, id, job, job.lasting + SPARE, (result: ScaleResult) => figuresOf(result, job)));
    }
    tables.push({ title: `${elections} elections in one process`, columns: COLUMNS, rows });
  }
  return {
    title: 'Many elections in one process',
    notes: [
      'One candidate in each, which leads; all by one connection. CPU time of the process, for 30 s; its heap after a collection, for each election;',
      'and how late the event loop was beyond a timer of 10 ms. Those who are not there are measured with --full (of the floors, one: they lead alike).',
      'The longer it was measured, the greater the longest delay.',
    ],
    tables,
    plots: {
      scale: {
        title: 'CPU seconds in 30 s',
        subtitle: 'Leading in many elections by one connection, ttl 5 s',
        unit: 's',
        groups: tables.map((table) => groupOf(table, 0, table.title)),
      },
    },
  };
}

const figuresOf = ({ cpu, heap, delayP99, delayMax, held }: ScaleResult, { lasting }: ScaleJob) => [
  (cpu * 30_000) / lasting,
  heap / 1_024,
  delayP99,
  delayMax,
  lasting / 1_000,
  held,
];
