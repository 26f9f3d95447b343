import type { Decision, Event } from '../../lib/core/state.js';
import type { CandidateReply, Notice } from '../../lib/port/lease-store.js';
import type { Entry, Server } from '../../lib/port/rules/entry.js';
import { type Bounds, type MoveName, settingsOf, TICK } from './bounds.js';
import { isAwaited, Process, type Reaction } from './candidate.js';
import type { Engine } from './engine.js';
import { type Candidate, dueAt, EPOCH, leads, type Message, type Request, type World } from './world.js';

/** One thing that may happen next. */
export interface Move {
  readonly name: MoveName | 'execute' | 'deliver' | 'fire' | 'wake' | 'tick';
  /** For the trace. */
  readonly text: string;
  apply(): Outcome;
}

/** A world after a move, and what the properties look at. */
export interface Outcome {
  readonly world: World;
  /** The candidate that stepped, if one did, before and after. */
  readonly stepped?: {
    readonly of: number;
    readonly before: Candidate;
    readonly after: Candidate;
    readonly decisions: readonly Decision[];
  };
  /** The request that the store executed. */
  readonly executed?: {
    readonly of: number;
    readonly request: Request;
    readonly before: Entry;
    readonly after: Entry;
    readonly status: string;
  };
}

/** All that may happen in a world: the costly moves are added in one place, {@link COSTLY}. */
export class Moves {
  readonly #engine: Engine;
  readonly #bounds: Bounds;
  readonly #process: Process;
  readonly #ttl: number;

  constructor(engine: Engine, bounds: Bounds) {
    this.#engine = engine;
    this.#bounds = bounds;
    const settings = settingsOf(bounds);
    this.#process = new Process(engine, settings);
    this.#ttl = settings.ttl;
  }

  initial(): World {
    let world: World = {
      now: 0,
      entry: {},
      run: 1,
      candidates: [],
      messages: [],
      faults: this.#bounds.faults,
      ghost: { token: 0, leaderless: 0, requests: 0 },
    };
    for (let of = 0; of < this.#bounds.candidates; of += 1) {
      const started = this.#process.start(of, 0);
      world = {
        ...world,
        candidates: [...world.candidates, started.candidate],
        messages: [...world.messages, ...started.messages],
      };
      if (this.#bounds.notices) world = this.#step(world, of, { kind: 'notice', notice: { kind: 'listening' } }).world;
    }
    return world;
  }

  from(world: World): Move[] {
    const moves: Move[] = [];
    for (const [i, message] of world.messages.entries()) {
      const move = this.#handle(world, message, i);
      if (move) moves.push(move);
    }
    let isDue = false;
    for (const [of, candidate] of world.candidates.entries()) {
      if (candidate.process === 'paused') moves.push(this.#wake(world, of));
      else if (candidate.process === 'running' && dueAt(candidate, this.#engine.wakeAt) <= world.now) {
        isDue = true;
        moves.push(this.#fire(world, of));
      }
    }
    const isBusy = world.messages.some((message) => this.#isMoving(world, message));
    if (!isDue && !isBusy) moves.push({ name: 'tick', text: 'a tick passes', apply: () => ({ world: tick(world) }) });
    if (world.faults > 0) for (const of of COSTLY) of.call(this, world, moves, { isDue, isBusy });
    return moves;
  }

  /** Whether time cannot pass freely: a message waits that somebody could handle. */
  #isMoving({ candidates }: World, message: Message): boolean {
    return message.kind === 'request' || candidates[message.of]?.process === 'running';
  }

  #handle(world: World, message: Message, i: number): Move | undefined {
    const { of } = message;
    const who = nameOf(of);
    if (message.kind === 'request') {
      const { request } = message.sent;
      return {
        name: 'execute',
        text: `the store executes ${who}'s ${request.verb}`,
        apply: () => this.#execute(world, i),
      };
    }
    if (world.candidates[of]?.process !== 'running') return undefined;
    if (message.kind === 'notice') {
      // One connection: notices keep their order.
      const first = world.messages.findIndex((one) => one.kind === 'notice' && one.of === of);
      if (first !== i) return undefined;
      const event: Event = { kind: 'notice', notice: message.notice };
      const text = `${who} receives the notice ${message.notice.kind}`;
      return { name: 'deliver', text, apply: () => this.#step(without(world, i), of, event) };
    }
    if (message.kind === 'drained') {
      return {
        name: 'deliver',
        text: `${who}'s work has stopped`,
        apply: () => this.#step(without(world, i), of, { kind: 'drained' }),
      };
    }
    const { sent, reply } = message;
    const text = `${who} receives ${reply.status} to its ${sent.request.verb}`;
    return { name: 'deliver', text, apply: () => this.#step(without(world, i), of, { kind: 'reply', sent, reply }) };
  }

  #fire(world: World, of: number): Move {
    return {
      name: 'fire',
      text: `${nameOf(of)}'s timer fires`,
      apply: () => this.#reacted(world, of, this.#process.fire(of, world.candidates[of] as Candidate, world.now)),
    };
  }

  #wake(world: World, of: number): Move {
    return {
      name: 'wake',
      text: `${nameOf(of)} runs again`,
      apply: () => ({
        world: withCandidate(world, of, { ...(world.candidates[of] as Candidate), process: 'running' }),
      }),
    };
  }

  step(world: World, of: number, event: Event): Outcome {
    return this.#step(world, of, event);
  }

  #step(world: World, of: number, event: Event): Outcome {
    return this.#reacted(world, of, this.#process.react(of, world.candidates[of] as Candidate, event, world.now));
  }

  #reacted(world: World, of: number, { candidate, decisions, messages }: Reaction): Outcome {
    const before = world.candidates[of] as Candidate;
    const kept = world.messages.filter(
      (one) =>
        one.of !== of ||
        one.kind !== 'reply' ||
        isAwaited(candidate, one.sent) ||
        !this.#bounds.reductions.has('stale'),
    );
    const token = decisions.reduce(
      (top, one) => (one.role === 'leader' ? Math.max(top, one.term.token) : top),
      world.ghost.token,
    );
    const requests = world.ghost.requests + messages.filter(({ kind }) => kind === 'request').length;
    const after: World = {
      ...withCandidate(world, of, candidate),
      messages: [...kept, ...messages],
      ghost: { ...world.ghost, token, requests },
    };
    return { world: after, stepped: { of, before, after: candidate, decisions } };
  }

  #execute(world: World, i: number): Outcome {
    const { of, sent } = world.messages[i] as Extract<Message, { kind: 'request' }>;
    const server: Server = { micros: (EPOCH + world.now) * 1000, run: `run${world.run}` };
    const { request } = sent;
    const { entry, reply, notice } = this.#engine.rules.answer(world.entry, request, server);
    const messages: Message[] = world.messages.filter((_, j) => j !== i);
    const sender = world.candidates[of] as Candidate;
    const isHeard = sender.process !== 'dead' && (isAwaited(sender, sent) || !this.#bounds.reductions.has('stale'));
    if (isHeard) messages.push({ kind: 'reply', of, sent, reply: reply as CandidateReply });
    if (notice && this.#bounds.notices)
      messages.push(...this.#published(world, notice, 'told' in reply ? reply.told : undefined));
    return {
      world: { ...world, entry, messages },
      executed: { of, request, before: world.entry, after: entry, status: reply.status },
    };
  }

  /** Sends to all candidates. A release with `only` goes to that successor alone. */
  #published({ candidates }: World, notice: Notice, only: string | undefined): Message[] {
    const receivers = candidates
      .map((_, of) => of)
      .filter((of) => {
        const { process, state } = candidates[of] as Candidate;
        if (process === 'dead' || state.phase === 'done') return false;
        return only === undefined || state.listed === only || state.id === only;
      });
    return receivers.map((of) => ({ kind: 'notice', of, notice }));
  }

  get ttl(): number {
    return this.#ttl;
  }

  get bounds(): Bounds {
    return this.#bounds;
  }
}

interface Circumstances {
  /** A timer of a running candidate is due. */
  readonly isDue: boolean;
  /** A message waits that somebody could handle. */
  readonly isBusy: boolean;
}

type Costly = (this: Moves, world: World, moves: Move[], at: Circumstances) => void;

/** The costly moves. Whoever adds a feature adds its moves here. */
const COSTLY: readonly Costly[] = [
  function delay(world, moves, { isDue, isBusy }) {
    if (!this.bounds.moves.has('delay') || isDue || !isBusy) return;
    moves.push({
      name: 'delay',
      text: 'a tick passes, and what is on its way is late',
      apply: () => ({ world: tick(spend(world)) }),
    });
  },
  function lose(world, moves) {
    if (!this.bounds.moves.has('lose')) return;
    for (const [i, { kind, of }] of world.messages.entries()) {
      if (kind === 'drained') continue;
      moves.push({
        name: 'lose',
        text: `a ${kind} of ${nameOf(of)} is lost`,
        apply: () => ({ world: without(spend(world), i) }),
      });
    }
  },
  function stop(world, moves) {
    for (const [of, candidate] of world.candidates.entries()) {
      if (candidate.process !== 'running' || candidate.state.phase === 'done') continue;
      const become = (name: 'pause' | 'die', process: Candidate['process'], text: string) => {
        if (!this.bounds.moves.has(name)) return;
        moves.push({
          name,
          text: `${nameOf(of)} ${text}`,
          apply: () => ({ world: buried(withCandidate(spend(world), of, { ...candidate, process }), of) }),
        });
      };
      become('pause', 'paused', 'stops running');
      become('die', 'dead', 'dies');
    }
  },
  function leave(world, moves) {
    for (const [of, candidate] of world.candidates.entries()) {
      if (candidate.process !== 'running') continue;
      const { phase } = candidate.state;
      if (this.bounds.moves.has('close') && phase !== 'done' && phase !== 'exiting') {
        moves.push({
          name: 'close',
          text: `${nameOf(of)} closes`,
          apply: () => this.step(spend(world), of, { kind: 'exit', reason: 'closed' }),
        });
      }
      if (this.bounds.moves.has('resign') && phase === 'leading') {
        moves.push({
          name: 'resign',
          text: `${nameOf(of)} resigns`,
          apply: () => this.step(spend(world), of, { kind: 'exit', reason: 'resigned', cooldown: this.ttl }),
        });
      }
    }
  },
  function flush(world, moves) {
    if (!this.bounds.moves.has('flush') || Object.keys(world.entry).length === 0) return;
    moves.push({
      name: 'flush',
      text: 'the store restarts without its data',
      apply: () => ({ world: { ...spend(world), entry: {}, run: world.run + 1 } }),
    });
  },
];

const nameOf = (of: number): string => 'ABCDEFGH'[of] as string;

/** A fault ends the run of ticks without a leader: the bound counts from the last one. */
const spend = (world: World): World => ({
  ...world,
  faults: world.faults - 1,
  ghost: { ...world.ghost, leaderless: 0 },
});

function tick(world: World): World {
  const now = world.now + TICK;
  const isLed = world.candidates.some((one) => leads(one, now));
  const stands = world.candidates.some(
    ({ process, state }) => process === 'running' && (state.phase === 'campaigning' || state.phase === 'leading'),
  );
  const leaderless = isLed || !stands ? 0 : world.ghost.leaderless + 1;
  return { ...world, now, ghost: { ...world.ghost, leaderless, requests: 0 } };
}

const without = (world: World, i: number): World => ({ ...world, messages: world.messages.filter((_, j) => j !== i) });

const withCandidate = (world: World, of: number, candidate: Candidate): World => ({
  ...world,
  candidates: world.candidates.map((one, i) => (i === of ? candidate : one)),
});

/** A dead process receives nothing; what it has sent stays on its way. */
function buried(world: World, of: number): World {
  if (world.candidates[of]?.process !== 'dead') return world;
  return { ...world, messages: world.messages.filter((one) => one.of !== of || one.kind === 'request') };
}
