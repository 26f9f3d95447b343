// Simulates the worlds of one job after the other.
import { type Library, loaded } from '../library.js';
import { simulate } from './simulate.js';
import type { Job, WorkerReply } from './workers.js';

const answer = (answer: WorkerReply): void => void process.send?.(answer);

let current: Job | undefined;
const libraries = new Map<string, Library>();

// An election must never cause these. RxJS also reports errors that subscribers throw in this way.
for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, (reason) => {
    const text = `${event} among the seeds ${current?.from} … ${(current?.to ?? 0) - 1}: ${reason?.stack ?? reason}`;
    answer({ error: text });
  });
}

process.on('message', async (job: Job) => {
  current = job;
  const { library, from, to, first, servers } = job;
  const loadedLibrary = libraries.get(library.cjs) ?? loaded(library);
  libraries.set(library.cjs, loadedLibrary);
  answer({ tally: await simulate(loadedLibrary, from, to, { first, servers }) });
});
process.on('disconnect', () => process.exit());
