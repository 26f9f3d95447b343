import { type Bounds, settingsOf } from './bounds.js';
import { Encoder } from './encode.js';
import type { Engine } from './engine.js';
import { Moves } from './moves.js';
import { check, type Finding, SITUATIONS } from './properties.js';
import { StateTable } from './state-table.js';
import type { World } from './world.js';

/** When a run stops before its space is exhausted. */
export interface Limits {
  readonly seconds: number;
  /** Bytes of heap and tables. */
  readonly memory: number;
}

export interface Progress {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  /** States of this depth that are still to be explored. */
  readonly open: number;
}

export interface Result extends Progress {
  /** Whether every state within the bounds was explored. */
  readonly isExhausted: boolean;
  readonly stoppedBy?: 'seconds' | 'memory' | 'finding';
  readonly situations: ReadonlyMap<string, number>;
  readonly finding?: Finding;
  /** The shortest way to the finding, a line for each move. */
  readonly trace: readonly string[];
}

interface Open {
  readonly world: World;
  readonly index: number;
}

/** States between two looks at the limits. */
const GLANCE = 2_000;

/** Breadth first, so that the first finding has the shortest trace. */
export function explore(engine: Engine, bounds: Bounds, limits: Limits, report: (progress: Progress) => void): Result {
  const moves = new Moves(engine, bounds);
  const encoder = new Encoder(bounds, settingsOf(bounds).ttl);
  const table = new StateTable();
  const situations = new Map(Object.keys(SITUATIONS).map((name) => [name, 0]));
  const begun = performance.now();
  let transitions = 0;
  let depth = 0;
  let level: Open[] = [{ world: moves.initial(), index: 0 }];
  table.add(encoder.encode((level[0] as Open).world), 0, 0);
  const result = (end: Partial<Result>): Result => ({
    states: table.size,
    transitions,
    depth,
    open: level.length,
    isExhausted: false,
    situations,
    trace: [],
    ...end,
  });
  while (level.length > 0) {
    const next: Open[] = [];
    for (const [done, { world, index }] of level.entries()) {
      if (done % GLANCE === 0) {
        if ((performance.now() - begun) / 1_000 > limits.seconds) return result({ stoppedBy: 'seconds' });
        if (process.memoryUsage().heapUsed + table.bytes > limits.memory) return result({ stoppedBy: 'memory' });
        report({ states: table.size, transitions, depth, open: level.length - done });
      }
      for (const [i, move] of moves.from(world).entries()) {
        const outcome = move.apply();
        transitions += 1;
        const finding = check(world, outcome, bounds);
        for (const name in SITUATIONS) {
          if (SITUATIONS[name]?.(outcome)) situations.set(name, (situations.get(name) ?? 0) + 1);
        }
        const added = table.add(encoder.encode(outcome.world), index, i);
        if (finding) {
          const path = added === undefined ? [...table.pathTo(index), i] : table.pathTo(added);
          return result({ stoppedBy: 'finding', finding, trace: retell(moves, path) });
        }
        if (added !== undefined) next.push({ world: outcome.world, index: added });
      }
    }
    level = next;
    if (level.length > 0) depth += 1;
  }
  return result({ isExhausted: true, open: 0 });
}

/** The moves of a path in words, with what each candidate decides. */
function retell(moves: Moves, path: readonly number[]): string[] {
  let world = moves.initial();
  return path.map((i) => {
    const move = moves.from(world)[i];
    if (!move) throw new Error('the path does not lead anywhere');
    const outcome = move.apply();
    const decided = outcome.stepped?.decisions.map((one) => {
      const why =
        one.role === 'follower'
          ? `/${one.reason}`
          : one.role === 'leader'
            ? ` with token ${one.term.token}`
            : `/${one.error.code}`;
      return `${'ABCDEFGH'[outcome.stepped?.of ?? 0]} is ${one.role}${why}`;
    });
    const answer = outcome.executed ? [outcome.executed.status] : [];
    const line = [move.text, ...answer, ...(decided ?? [])].join('; ');
    const at = world.now / 1_000;
    world = outcome.world;
    return `${String(at).padStart(4)}  ${line}`;
  });
}
