import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender, Link } from '../contender.js';
import { electionKey, type HandOverJob, type HandOverResult } from '../job.js';
import { Monitor } from '../monitor.js';
import { WAIT } from '../settings.js';
import { Contest, SETTLED } from './contest.js';

/** ms after a release in which a herd would show. */
const HERD = 100;

export async function handOvers(contender: Contender, link: Link, job: HandOverJob): Promise<HandOverResult> {
  const keys = Array.from({ length: job.elections }, (_, index) => electionKey(index));
  const contests = await Promise.all(keys.map((key) => Contest.open(contender, link, key, job.candidates)));
  await sleep(SETTLED);
  const until = performance.now() + job.lasting;
  const times = (await Promise.all(contests.map((contest) => timed(contest, until)))).flat();
  // MONITOR costs something, so what is counted is not what was timed.
  using monitor = await Monitor.open(link.host, link.port);
  const lease = contender.lease(electionKey(0));
  const counts = [];
  for (let index = 0; index < job.counted; index++) {
    counts.push(await counted(contests[0] as Contest, monitor, () => monitor.count(link.database, lease).requests));
  }
  return { times, within: counts.map(({ within }) => within), altogether: counts.map(({ altogether }) => altogether) };
}

/**
 * Candidates poll at intervals from their start, so a release must not come at a fixed time after
 * it. The release comes after a random part of the longest hand-over so far.
 */
async function timed(contest: Contest, until: number): Promise<number[]> {
  const times: number[] = [];
  let slowest = WAIT;
  do {
    await sleep(Math.random() * slowest);
    const time = await contest.handOver();
    times.push(time);
    slowest = Math.min(WAIT, times.length === 1 ? time : Math.max(slowest, time));
    contest.refill();
    await sleep(HERD); // all have settled again, whoever has come back included
  } while (performance.now() < until);
  return times;
}

async function counted(contest: Contest, monitor: Monitor, count: () => number) {
  await sleep(SETTLED);
  monitor.clear();
  const handedOver = contest.handOver();
  await sleep(HERD);
  const within = count();
  await handedOver;
  await sleep(HERD);
  const altogether = count();
  contest.refill();
  return { within, altogether };
}
