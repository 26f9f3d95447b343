import type { Settings } from '../../lib/core/settings.js';
import type { Context, Decision, Event, Sent, State } from '../../lib/core/state.js';
import type { Engine } from './engine.js';
import type { Candidate, Message } from './world.js';

/** What an event leads to in one process. */
export interface Reaction {
  readonly candidate: Candidate;
  readonly decisions: readonly Decision[];
  /** What it sends, and work that stops. */
  readonly messages: readonly Message[];
}

/** What surrounds `step` in a process: the same as `Candidacy` does, without streams. */
export class Process {
  readonly #engine: Engine;
  readonly #settings: Settings;

  constructor(engine: Engine, settings: Settings) {
    this.#engine = engine;
    this.#settings = settings;
  }

  /** A candidate that stands from now on, and the first thing that it does. */
  start(of: number, now: number): Reaction {
    const draw = this.#draw(of, 0);
    const memory = { token: 0, mustProbe: false, time: undefined, at: 0, watch: undefined };
    const state = this.#engine.initialState(memory, this.#context(now, draw.next));
    const candidate: Candidate = { process: 'running', state, timeoutAt: Number.POSITIVE_INFINITY, ids: draw.drawn() };
    return this.react(of, candidate, { kind: 'wake' }, now);
  }

  react(of: number, before: Candidate, event: Event, now: number): Reaction {
    const draw = this.#draw(of, before.ids);
    const { state, decisions } = this.#engine.step(before.state, event, this.#context(now, draw.next));
    const sent = state.sent;
    const isNew = sent !== undefined && sent !== before.state.sent;
    const timeoutAt = isNew ? sent.at + sent.request.timeout : sent ? before.timeoutAt : Number.POSITIVE_INFINITY;
    const messages: Message[] = [];
    if (isNew) messages.push({ kind: 'request', of, sent });
    if (state.phase === 'exiting' && before.state.phase !== 'exiting' && !state.drained) {
      messages.push({ kind: 'drained', of, id: state.term?.id ?? '' });
    }
    return { candidate: { process: before.process, state, timeoutAt, ids: draw.drawn() }, decisions, messages };
  }

  /** Its timer fires: the request in flight is given up, or the state has something to do. */
  fire(of: number, before: Candidate, now: number): Reaction {
    const { sent } = before.state;
    if (sent && now >= before.timeoutAt) return this.react(of, before, this.#timedOut(sent), now);
    return this.react(of, before, { kind: 'wake' }, now);
  }

  #timedOut(sent: Sent): Event {
    return { kind: 'failure', sent, error: new this.#engine.ElectionError('STORE_TIMEOUT', 'No answer') };
  }

  #context(now: number, nextId: () => string): Context {
    return { settings: this.#settings, now, random: () => 0, nextId };
  }

  #draw(of: number, drawn: number) {
    let count = drawn;
    const next = () => {
      count += 1;
      return `${'abcdefgh'[of]}${count}`;
    };
    return { next, drawn: () => count };
  }
}

/** Whether a reply to `sent`, or its failure, is still waited for. */
export const isAwaited = ({ state }: { readonly state: State }, sent: Sent): boolean => state.sent === sent;
