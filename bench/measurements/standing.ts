import type { Arena } from '../arena.js';
import type { Plan } from '../plan.js';
import { groupOf } from '../report/plot.js';
import type { Section } from '../report/section.js';
import type { Row } from '../report/table.js';
import { median, percentile } from '../statistics.js';
import { type Crowd, crowds, type Wanted } from './crowd.js';

/**
 * What candidates ask while nothing happens, and how fast followers take over when something does.
 */
export async function standing(arena: Arena, plan: Plan['crowd'], wanted: Wanted): Promise<Section[]> {
  const found = await crowds(arena, plan, wanted);
  return [...(wanted.crash ? [crashSection(found)] : []), ...(wanted.requests ? [requestSection(found, plan)] : [])];
}

function crashSection(found: readonly Crowd[]): Section {
  const columns = [
    { title: 'median ms', digits: 1, compared: true },
    { title: 'p99 ms', digits: 1, compared: true },
    { title: 'take-overs', digits: 0 },
  ];
  const rows = rowsOf(found, ({ beyond }) =>
    beyond.length === 0 ? 'nobody took over' : [median(beyond), percentile(beyond, 99), beyond.length],
  );
  const table = { title: "beyond the lease's end", columns, rows };
  const groups = [0, 1].map((column) => groupOf(table, column, column === 0 ? 'median' : 'p99'));
  const title = 'Crash take-over, beyond the end of the lease';
  return {
    title,
    notes: [
      'Leaders killed (SIGKILL), and how long after the end of the lease as Redis has it (to a ms) a follower, in another process, led. ttl 5 s.',
    ],
    tables: [table],
    plots: { crash: { title, subtitle: 'The leaders killed; no jitter', unit: 'ms', groups } },
  };
}

function requestSection(found: readonly Crowd[], { elections, followers, window }: Plan['crowd']): Section {
  const columns = [
    { title: 'a leader', digits: 2, compared: true },
    { title: 'a follower', digits: 2, compared: true },
    { title: 'with scripts: a leader', digits: 2 },
    { title: 'a follower', digits: 2 },
  ];
  const leaders = (elections * window) / 1_000;
  const rows = rowsOf(found, ({ alone, followed }) => {
    if (!alone || !followed) return 'not counted';
    const commands = alone.requests + alone.inScripts;
    const more = followed.requests + followed.inScripts - commands;
    const each = followed.requests - alone.requests;
    return [alone.requests / leaders, each / (leaders * followers), commands / leaders, more / (leaders * followers)];
  });
  const table = { title: 'requests a second', columns, rows };
  return {
    title: 'Requests while nothing happens',
    notes: [
      `${elections} leaders of each for ${window / 1_000} s, then with ${followers} followers each, at ttl 5 s, wait 1 s. With scripts: their commands count as well.`,
      'Requests of a hand-over are in the tables of hand-overs.',
    ],
    tables: [table],
    plots: {
      requests: {
        title: 'Requests a second while nothing happens',
        subtitle: 'At ttl 5 s and, for those who poll, 1 s between two attempts',
        unit: '/s',
        groups: [0, 1].map((column) => groupOf(table, column, column === 0 ? 'of a leader' : 'of a follower')),
      },
    },
  };
}

function rowsOf(found: readonly Crowd[], figures: (crowd: Crowd) => ReadonlyArray<number | undefined> | string): Row[] {
  return found.map((crowd) => {
    const { id } = crowd;
    const made = crowd.missing ?? figures(crowd);
    return typeof made === 'string' ? { id, missing: made } : { id, figures: made };
  });
}
