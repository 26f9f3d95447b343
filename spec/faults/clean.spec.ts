import path from 'node:path';
import { describe } from '@jest/globals';
import { monotonic } from '../../proof/candidate.js';
import type { CycleLine } from '../../proof/cycles.js';
import { OURS } from '../../proof/mutant.js';
import { prepare } from '../../proof/prepare.js';
import { keepsCandidacies, keepsListening, keepsTimers } from '../../proof/variants.js';
import { spawnScript } from '../support/script.js';
import { type Arena, TIMES } from './arena.js';
import { row } from './row.js';

/** Long enough that a remaining timer is detected. */
const LONG = { ttl: 20 * TIMES.ttl, renewEvery: 5 * TIMES.ttl };

/** Bytes by which the heap may grow in the second half of a run. */
const FLAT = 1_000_000;

async function cycles(arena: Arena, count: number, url: string[] = []): Promise<void> {
  const { programs } = prepare(arena.variant);
  await using script = spawnScript<CycleLine>(path.join(programs, 'cycles.js'), [String(count), ...url]);
  const said = await script.next(() => true, 150_000);
  if ('stray' in said) throw new Error(`stray: ${said.stray}`);
  const { before, warm, after } = said;
  for (const kind of ['listeners', 'sockets', 'timers'] as const) {
    if (after[kind] > before[kind]) throw new Error(`left behind: ${after[kind] - before[kind]} ${kind}`);
  }
  const grown = after.heap - warm.heap;
  if (grown > FLAT) throw new Error(`left behind: ${grown} bytes`);
  await script.exit;
}

describe('what an election leaves behind', () => {
  row(
    'a hundred thousand terms leave no memory taken (G6)',
    { variant: keepsCandidacies, fails: /left behind: \d+ bytes/ },
    // A tenth is enough, and slow enough, if each cycle is retained.
    (arena) => cycles(arena, arena.variant === OURS ? 100_000 : 10_000),
  );

  row(
    'two thousand terms on a real server leave no listener, socket, timer or memory (G6)',
    { variant: keepsListening, fails: /left behind: \d+ listeners/ },
    (arena) => cycles(arena, 2_000, [arena.redis.url]),
  );

  row(
    'a process whose election has been unsubscribed exits by itself (G6)',
    { variant: keepsTimers, fails: /too late/ },
    async (arena) => {
      const a = await arena.candidate('a', { ...LONG, act: 'unsubscribe' });
      await a.says({ role: 'leader' });
      a.act();
      const { at } = await a.notes('finished');
      await a.script.exit;
      // At the earliest due time of its next timer.
      arena.within('exit', monotonic() - at, LONG.renewEvery / 2);
    },
  );
});
