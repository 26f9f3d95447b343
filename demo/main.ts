/**
 * The demo: four processes are candidates of one election over Redis, and one incident after
 * another hits the leader.
 *
 * It shows the leader at each instant, and how long there was none. From the processes' reports,
 * it checks that two never lead at once.
 */
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { TimeoutError } from 'rxjs';
import type { Caption } from '../scripts/drawing/page.js';
import { milliseconds } from '../scripts/support/figures.js';
import { type Ending, Interrupted, listenForEnd } from '../scripts/support/interrupt.js';
import { type Arguments, parseArguments, USAGE } from './arguments.js';
import { Crew } from './crew.js';
import { happen, type Stage, settled } from './incidents.js';
import { Log } from './log.js';
import { type Picture, pictureOf } from './picture.js';
import type { Cause } from './report.js';
import { screen } from './screen.js';
import { ownServer, type Server, usersServer } from './server.js';
import { summarize, type Verdict } from './summary.js';
import { svg } from './svg.js';
import { plainView, type View } from './view.js';

const NAMES = ['alma', 'bert', 'cleo', 'dora'];

/**
 * The incidents for the leader, and then for the server if the demo owns it. `span`: the
 * approximate duration.
 */
const TO_LEADERS: readonly Cause[] = ['close', 'kill', 'stop', 'cut'];
const TO_ALL: readonly Cause[] = [...TO_LEADERS, 'restart', 'outage'];

const FULL = { ttl: 1_000, wait: 250, pace: { calm: 1_800, away: 1_600, hold: 2_400 }, span: 28_000 };
const QUICK = { ttl: 800, wait: 200, pace: { calm: 300, away: 400, hold: 1_200 }, span: 10_000 };

/** ms after which a blocked run gives up: three times what a run takes, for slow machines. */
const LONGEST = 90_000;

async function main(args: Arguments): Promise<number> {
  if (process.platform === 'win32') {
    process.stderr.write('rx-leader demo: Windows has no SIGSTOP; run it on Linux or macOS\n');
    return 1;
  }
  using ending = listenForEnd();
  try {
    await using server = await (args.redis === undefined ? ownServer() : usersServer(args.redis));
    const { ok } = await run(args, server, ending);
    return ok ? 0 : 1;
  } catch (error) {
    const reason = tidyingFailure(error) ?? (ending.signal.aborted ? ending.signal.reason : error);
    if (reason instanceof Interrupted) return reason.exitCode;
    process.stderr.write(`rx-leader demo: ${reason instanceof Error ? reason.message : reason}\n`);
    return 1;
  }
}

/** A failure of the clean-up after another failure, or after the user cancelled. */
const tidyingFailure = (error: unknown): unknown =>
  error instanceof Error && error.name === 'SuppressedError' && 'error' in error ? error.error : undefined;

async function run({ quick, svg: file }: Arguments, server: Server, ending: Ending): Promise<Verdict> {
  const { ttl, wait, pace, span } = quick ? QUICK : FULL;
  const causes = server.own ? TO_ALL : TO_LEADERS;
  const times = `ttl ${milliseconds(ttl)}, wait ${milliseconds(wait)}`;
  const title = `rx-leader: ${NAMES.length} processes, one leader; ${times}; ${server.label}`;
  const log = new Log();
  const limit = AbortSignal.timeout(LONGEST);
  const signal = AbortSignal.any([ending.signal, limit]);
  const look = () => pictureOf(NAMES, log.entries, log.now, ttl);
  const view = open(title, server.own ? span : (span * 2) / 3, look);
  try {
    log.news.subscribe((entry) => view.tell(entry, log.entries));
    await using crew = new Crew(log, server, { ttl, wait }, ending.abort);
    await crew.assemble(NAMES, signal);
    await play({ crew, log, names: NAMES, pace, ttl, wait, signal }, causes).catch((error) => {
      if (ending.signal.aborted || !(error instanceof TimeoutError || limit.aborted)) throw error;
      // An event did not come in time. The summary names it.
    });
    const verdict = summarize(log.entries, { ttl, causes });
    const picture = look();
    view.finish(picture, verdict);
    if (file !== undefined) writeFileSync(file, svg(picture, captionOf(verdict, times)));
    return verdict;
  } finally {
    view.close();
  }
}

/** The run: an election, one incident after another, and then all candidates close. */
async function play(stage: Stage, causes: readonly Cause[]): Promise<void> {
  const { crew, log, pace, ttl, signal } = stage;
  log.begin();
  for (const candidate of crew.candidates) candidate.stand();
  await settled(stage).catch(() => {
    signal.throwIfAborted();
    const complaints = log.entries.flatMap((entry) => ('message' in entry ? [entry.message] : []));
    throw new Error(`nobody was elected: ${complaints.at(-1) ?? 'no candidate says why'}`);
  });
  for (const cause of causes) await happen(cause, stage);
  await settled(stage);
  await sleep(pace.calm, undefined, { signal });
  log.note({ kind: 'leave' });
  const left = log.entries.length; // one of them may have closed earlier, and come back
  for (const candidate of crew.candidates) candidate.tell({ do: 'close' });
  const closed = (by: string) => log.entries.slice(left).some((entry) => entry.kind === 'closed' && entry.by === by);
  await log.until(() => crew.candidates.every(({ by }) => closed(by)), 2 * ttl, signal);
  log.note({ kind: 'end' });
}

const captionOf = ({ ok, overlaps }: Verdict, times: string): Caption => ({
  title: 'Four processes, one leader at a time',
  subtitle: `One real run: what happens to whoever leads, and for how long nobody does (${times})`,
  result: `overlaps seen: ${overlaps}`,
  ok,
});

/** A picture on a terminal, lines anywhere else. */
function open(title: string, span: number, look: () => Picture): View {
  const out = process.stdout;
  const drawable = out.isTTY && process.env.TERM !== 'dumb' && out.columns >= 60 && out.rows >= 20;
  if (!drawable) return plainView(title, (text) => out.write(text));
  return screen(out, { title, span, color: !process.env.NO_COLOR, look });
}

let args: Arguments | undefined;
try {
  args = parseArguments(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`rx-leader demo: ${(error as Error).message}\n\n${USAGE}\n`);
  process.exitCode = 2;
}
if (args?.help) process.stdout.write(`${USAGE}\n`);
else if (args) process.exitCode = await main(args);
