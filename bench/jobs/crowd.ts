import { setTimeout as sleep } from 'node:timers/promises';
import type { Contender, Link } from '../contender.js';
import { type CrowdJob, electionKey } from '../job.js';

/** A line that it prints; `at` is by the wall clock, as ends of leases are. */
export type CrowdLine = { readonly led: number; readonly at: number } | { readonly stands: true };

export async function crowd(contender: Contender, link: Link, job: CrowdJob, say: (line: CrowdLine) => void) {
  const all = job.elections * job.each;
  for (let index = 0; index < all; index++) {
    const seat = await contender.sit(link);
    const election = index % job.elections;
    seat.stand(electionKey(election), () => say({ led: election, at: Date.now() }));
    await sleep(job.over / all);
  }
  say({ stands: true });
}
