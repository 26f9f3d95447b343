/**
 * One candidate in its own process. It receives commands on stdin and reports on stdout, one line
 * of JSON each. It ends with stdin, and so with its parent.
 */
import { createInterface } from 'node:readline';
import { createClient } from 'redis';
import { type Election, elect, type Transition } from 'rx-leader';
import { type Command, monotonic, type Report, type Role } from './report.js';

/** ms between two samples of `isLeading`. */
const SAMPLE_EVERY = 5;
/** ms after which an unchanged claim is reported again. */
const REPEAT_EVERY = 100;
/** ms by which a deadline must move to be reported at once. */
const MOVED = 20;

type Connect = Extract<Command, { readonly do: 'connect' }>;

const tell = (report: Report): void => void process.stdout.write(`${JSON.stringify(report)}\n`);

async function connect({ url, servername, name, key, ttl, wait }: Connect): Promise<() => Election> {
  const redis = createClient({ url, socket: { ...(servername && { tls: true, servername }), reconnectStrategy: 100 } });
  redis.on('error', () => {}); // the election reports what matters of it
  await redis.connect();
  tell({ kind: 'ready', at: monotonic() });
  return () => elect({ redis, key, ttl, wait, name });
}

let stand: (() => Election) | undefined;
let election: Election | undefined;

async function obey(command: Command): Promise<void> {
  switch (command.do) {
    case 'connect':
      stand = await connect(command);
      return;
    case 'stand':
      election = stand?.();
      election?.subscribe(tellRole);
      return;
    case 'close':
      await election?.close();
      tell({ kind: 'closed', at: monotonic() });
  }
}

function tellRole(transition: Transition): void {
  sample(); // at this exact instant, since a claim starts or ends with it
  tell({ kind: 'role', at: monotonic(), ...roleOf(transition) });
}

function roleOf(transition: Transition): Role {
  switch (transition.role) {
    case 'leader':
      return { role: 'leader', token: transition.term.token };
    case 'follower':
      return { role: 'follower', reason: transition.reason };
    case 'error':
      return { role: 'error', code: transition.error.code, message: transition.error.message };
  }
}

interface Claim {
  readonly at: number;
  readonly token: number;
  readonly until: number;
}

/** What this process claims at this instant. */
function claimNow(): Claim | undefined {
  for (;;) {
    const at = monotonic();
    const term = election?.term;
    const claim = election?.isLeading && term && { at, token: term.token, until: at + term.remaining() };
    // If the process were stopped between two readings, they would belong to different instants.
    if (monotonic() - at < 1) return claim || undefined;
  }
}

let claimed: Claim | undefined;
let told: Claim | undefined;

function sample(): void {
  const claim = claimNow();
  if (!claim) {
    if (claimed) tell({ kind: 'no', at: monotonic() });
    claimed = undefined;
    told = undefined;
    return;
  }
  claimed = claim;
  const known = told?.token === claim.token && claim.until - told.until < MOVED && claim.at - told.at < REPEAT_EVERY;
  if (known) return;
  told = claim;
  tell({ kind: 'yes', ...claim });
}

// The first timer at every wake-up, so that a stopped process reports what it would have acted on.
setInterval(sample, SAMPLE_EVERY);
process.stdout.on('error', () => process.exit()); // nobody reads the output any more
createInterface({ input: process.stdin })
  .on('line', (line) => void obey(JSON.parse(line)))
  .on('close', () => process.exit());
