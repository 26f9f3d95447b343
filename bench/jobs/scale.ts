import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Contender, Link } from '../contender.js';
import { electionKey, type ScaleJob, type ScaleResult } from '../job.js';
import { BareConnection } from '../resp.js';
import { TTL } from '../settings.js';

/**
 * Candidates that come in together; the batches are spread over a ttl at least, so that renewals
 * are.
 */
const BATCH = 20;
/** ms between two looks at the event loop. */
const RESOLUTION = 10;
/** ms for each candidate to come in: a thousand a second. */
const PACE = 1;
/** ms that all may take to lead. */
const PATIENCE = 40_000;

export async function scale(contender: Contender, link: Link, job: ScaleJob): Promise<ScaleResult> {
  const seat = await contender.sit(link);
  const before = heapUsed();
  let leading = 0;
  const begun = performance.now();
  const late = () => performance.now() > begun + PATIENCE;
  const over = Math.max(TTL, job.elections * PACE);
  for (let index = 0; index < job.elections && !late(); index++) {
    seat.stand(electionKey(index), () => leading++);
    const due = begun + (index / job.elections) * over;
    if (index % BATCH === 0) await sleep(Math.max(0, due - performance.now()));
  }
  while (leading < job.elections && !late()) await sleep(100);
  if (leading < job.elections) throw new Error(`${leading} of ${job.elections} led within ${PATIENCE / 1_000} s`);
  await sleep(TTL / 2); // renewals are under way
  const heap = (heapUsed() - before) / job.elections;
  const measured = await measure(job.lasting);
  return { ...measured, heap, held: await held(contender, link, job.elections) };
}

async function measure(lasting: number) {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION });
  const cpu = process.cpuUsage();
  delays.enable();
  await sleep(lasting);
  delays.disable();
  const { user, system } = process.cpuUsage(cpu);
  const beyond = (ns: number): number => Math.max(0, ns / 1e6 - RESOLUTION);
  return { cpu: (user + system) / 1e6, delayP99: beyond(delays.percentile(99)), delayMax: beyond(delays.max) };
}

/** Of the leases, whoever may think that it has one. */
async function held(contender: Contender, link: Link, elections: number): Promise<number> {
  const connection = await BareConnection.open(link.host, link.port);
  await connection.ask('SELECT', link.database);
  const leases = Array.from({ length: elections }, (_, index) => contender.lease(electionKey(index)));
  const count = await connection.ask('EXISTS', ...leases);
  connection.destroy();
  return Number(count);
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function heapUsed(): number {
  collect();
  return process.memoryUsage().heapUsed;
}
