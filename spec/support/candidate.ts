import { type Memory, NOTHING_KNOWN } from '../../lib/core/memory.js';
import type { Settings } from '../../lib/core/settings.js';
import type { Context, Decision, Event, State } from '../../lib/core/state.js';
import { initialState, step, wakeAt } from '../../lib/core/step.js';
import { ElectionError, type ElectionErrorCode } from '../../lib/port/errors.js';
import type { CandidateReply, CandidateRequest, Held } from '../../lib/port/lease-store.js';

/** Settings in round numbers: a lifetime of 1877, a guard of 101 and a backoff of 25 ms. */
export const SETTINGS: Settings = {
  key: 'k',
  ttl: 2020,
  wait: 500,
  jitter: 40,
  renewEvery: 600,
  timeout: 100,
  drain: 300,
  name: 'me',
  coldStart: 'elect',
};

/** ms of certain leadership by these settings, counted from the request. */
export const LIFETIME = 1877;

/** Another holder's lease, with `expiresIn` ms left. */
export const held = (expiresIn: number): Held => ({
  status: 'held',
  holder: { id: 'rival/1', name: 'rival', token: 41, expiresIn },
});

export const storeError = (code: ElectionErrorCode): ElectionError => new ElectionError(code, `scripted ${code}`);

/**
 * Drives the state machine by hand: each method is one event at one time. Ids are `me/1`, `me/2`, …
 */
export class Candidate {
  state: State;
  readonly settings: Settings;
  readonly #random: () => number;
  #ids = 0;

  /**
   * Starts at time 0, and requests nothing before the first event. `random` is the value of every
   * random draw.
   */
  constructor({ random = 0, memory = NOTHING_KNOWN, ...settings }: Partial<Settings> & Start = {}) {
    this.settings = { ...SETTINGS, ...settings };
    this.#random = () => random;
    this.state = initialState(memory, this.#context(0));
  }

  /** A candidate that has been granted a term, by a request at 0 answered at 1. */
  static leading(options: ConstructorParameters<typeof Candidate>[0] = {}): Candidate {
    const candidate = new Candidate(options);
    candidate.wake(0);
    candidate.reply(1, { status: 'granted', token: 7, run: 'run1' });
    return candidate;
  }

  /** The request in flight. */
  get asks(): CandidateRequest | undefined {
    return this.state.sent?.request;
  }

  /** The time of its next timer. */
  get wakesAt(): number {
    return wakeAt(this.state);
  }

  wake(now: number): readonly Decision[] {
    return this.on({ kind: 'wake' }, now);
  }

  /** Answers the request in flight. */
  reply(now: number, reply: CandidateReply): readonly Decision[] {
    if (!this.state.sent) throw new Error('nothing was asked');
    return this.on({ kind: 'reply', sent: this.state.sent, reply }, now);
  }

  /** Makes the request in flight fail. */
  fail(now: number, code: ElectionErrorCode): readonly Decision[] {
    if (!this.state.sent) throw new Error('nothing was asked');
    return this.on({ kind: 'failure', sent: this.state.sent, error: storeError(code) }, now);
  }

  close(now: number): readonly Decision[] {
    return this.on({ kind: 'exit', reason: 'closed' }, now);
  }

  resign(now: number, cooldown: number): readonly Decision[] {
    return this.on({ kind: 'exit', reason: 'resigned', cooldown }, now);
  }

  on(event: Event, now: number): readonly Decision[] {
    const { state, decisions } = step(this.state, event, this.#context(now));
    this.state = state;
    return decisions;
  }

  #context(now: number): Context {
    return {
      settings: this.settings,
      now,
      random: this.#random,
      nextId: () => {
        this.#ids += 1;
        return `me/${this.#ids}`;
      },
    };
  }
}

interface Start {
  readonly random?: number;
  readonly memory?: Memory;
}
