import { startRedis } from '../scripts/support/redis.js';
import { type Arena, compileWorker } from './arena.js';
import type { Arguments, Measurement } from './arguments.js';
import { handOver } from './measurements/hand-over.js';
import { packaged } from './measurements/package.js';
import { scale } from './measurements/scale.js';
import { standing } from './measurements/standing.js';
import { PLANS } from './plan.js';
import type { Section } from './report/section.js';

/** All that was asked for, one after the other, told as it comes. */
export async function run(
  { measurements, entrants, extent }: Arguments,
  signal: AbortSignal,
  say: (line: string) => void,
  tell: (section: Section) => void,
): Promise<void> {
  const plan = PLANS[extent];
  const asked = (name: Measurement) => measurements.includes(name);
  compileWorker();
  await using redis = await startRedis({ args: ['--save', '', '--maxclients', '20000'] });
  const arena: Arena = { host: redis.host, port: redis.port, entrants, signal, say };
  if (asked('hand-over')) tell(await handOver(arena, plan.handOver));
  if (asked('crash') || asked('requests')) {
    const wanted = { crash: asked('crash'), requests: asked('requests') };
    for (const section of await standing(arena, plan.crowd, wanted)) tell(section);
  }
  if (asked('scale')) tell(await scale(arena, plan.scale));
  if (asked('package')) tell(await packaged(arena, plan.imports));
}
