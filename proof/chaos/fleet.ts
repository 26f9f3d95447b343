import { type ProxyTarget, startProxy, type TcpProxy } from '../../scripts/support/proxy.js';
import { Candidate, monotonic } from '../candidate.js';
import type { Log } from '../checker.js';
import { TIMES } from '../times.js';

/** ms for a process to start and connect, on a machine that has much else to do. */
const PATIENCE = 20_000;

/** ms that a candidate may take to leave: the library's bound, plus the end of its process. */
export const EXIT_WITHIN = TIMES.ttl + 2 * TIMES.timeout + 1_000;

/**
 * A place for a candidate, with a connection of its own. Processes come and go, each a candidate
 * by itself.
 */
export interface Slot {
  readonly name: string;
  readonly link: TcpProxy;
  /** Who has the slot now, if it stands. */
  candidate?: Candidate;
  processes: number;
  /** What is being done to it already. */
  readonly busy: { process: boolean; link: boolean };
}

/** All candidates, and their logs. */
export class Fleet implements AsyncDisposable {
  readonly slots: Slot[] = [];
  /** What candidates should not have done: ended by themselves, or not when they were asked to. */
  readonly complaints: string[] = [];
  readonly #programs: string;
  readonly #key: string;
  readonly #all: Candidate[] = [];
  readonly #expected = new Set<Candidate>();

  constructor(programs: string, key: string) {
    this.#programs = programs;
    this.#key = key;
  }

  async start(size: number, target: ProxyTarget): Promise<void> {
    for (let number = 1; number <= size; number += 1) {
      const link = await startProxy({ target });
      this.slots.push({ name: `c${number}`, link, processes: 0, busy: { process: false, link: false } });
    }
    await Promise.all(this.slots.map((slot) => this.startCandidate(slot)));
  }

  /** A fresh process for a slot; resolves when it stands. */
  async startCandidate(slot: Slot): Promise<void> {
    slot.processes += 1;
    const name = `${slot.name}/${slot.processes}`;
    // With 'elect', a newcomer would take an emptied store for a new one, and lead beside the
    // incumbent, as documented.
    const options = { ...TIMES, key: this.#key, coldStart: 'wait', url: slot.link.url, name } as const;
    const candidate = new Candidate(this.#programs, options);
    this.#all.push(candidate);
    void candidate.script.exit.then(({ code, signal }) => {
      if (!this.#expected.has(candidate)) this.complaints.push(`${name} ended by itself: ${signal ?? code}`);
    });
    await candidate.notes('ready', PATIENCE);
    slot.candidate = candidate;
  }

  async kill(slot: Slot): Promise<void> {
    const candidate = this.#takeCandidate(slot);
    await candidate?.kill();
  }

  /**
   * Closes a candidate, and waits until its process has ended by itself or takes too long. Returns
   * how long it took.
   */
  async close(slot: Slot): Promise<number> {
    const candidate = this.#takeCandidate(slot);
    const since = monotonic();
    if (candidate && !(await inTime(candidate.close()))) {
      this.complaints.push(`${candidate.name} has not ended ${EXIT_WITHIN} ms after SIGTERM`);
      await candidate.kill();
    }
    return monotonic() - since;
  }

  /** Whose last word, a moment ago, is that it leads. */
  get leaders(): Slot[] {
    return this.slots.filter(({ candidate }) => candidate?.claims());
  }

  /** Whether one leads and every other one follows. */
  get isSettled(): boolean {
    const { leaders } = this;
    const follows = ({ candidate }: Slot) => candidate?.roles.at(-1)?.role === 'follower';
    return leaders.length === 1 && this.slots.every((slot) => slot === leaders[0] || follows(slot));
  }

  get logs(): Log[] {
    return this.#all.map(({ log }) => log);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const candidate of this.#all) this.#expected.add(candidate);
    await Promise.all(this.#all.map((candidate) => candidate[Symbol.asyncDispose]()));
    await Promise.all(this.slots.map(({ link }) => link[Symbol.asyncDispose]()));
  }

  #takeCandidate(slot: Slot): Candidate | undefined {
    const { candidate } = slot;
    delete slot.candidate;
    if (candidate) this.#expected.add(candidate);
    return candidate;
  }
}

async function inTime(exit: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(resolve, EXIT_WITHIN, false);
  });
  const ended = await Promise.race([exit.then(() => true), late]);
  clearTimeout(timer);
  return ended;
}
