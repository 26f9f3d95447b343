import type { State } from '../../lib/core/state.js';
import { type Bounds, TICK } from './bounds.js';
import { type Kind, SHAPES, type Shape } from './shapes.js';
import { type Candidate, EPOCH, type Message, type World } from './world.js';

/** Gaps between tokens count up to here: a grant adds 1, and few grants fit into a tick. */
const TOKEN_GAP = 4;

/**
 * Encodes a world as text. Two worlds get the same text exactly if they differ in nothing relevant.
 * Times are relative to now, tokens are ranks, and ids are numbered in order of appearance.
 */
export class Encoder {
  readonly #ttl: number;
  readonly #ages: boolean;
  readonly #tokens: boolean;
  readonly #symmetry: boolean;
  #now = 0;
  #ids = new Map<string, number>();
  #ranks = new Map<number, number>();
  #seen: number[] | undefined;
  #out: string[] = [];

  constructor({ reductions }: Bounds, ttl: number) {
    this.#ttl = ttl;
    this.#ages = reductions.has('ages');
    this.#tokens = reductions.has('tokens');
    this.#symmetry = reductions.has('symmetry');
  }

  encode(world: World): string {
    this.#now = world.now;
    this.#rank(world);
    const orders = this.#symmetry ? this.#orders(world) : [world.candidates.map((_, i) => i)];
    let least: string | undefined;
    for (const order of orders) {
      const text = this.#write(world, order);
      if (least === undefined || text < least) least = text;
    }
    return least as string;
  }

  /** The orders of candidates to try: sorted by what each is by itself, ties in every order. */
  #orders({ candidates, messages }: World): number[][] {
    const signed = candidates.map((one, i) => {
      this.#ids = new Map();
      this.#out = [];
      this.#candidate(one);
      for (const message of messages) if (message.of === i) this.#message(message, candidates, 0);
      return { i, text: this.#out.join(' ') };
    });
    signed.sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
    let orders: number[][] = [[]];
    for (let from = 0; from < signed.length; ) {
      let to = from + 1;
      while (to < signed.length && signed[to]?.text === signed[from]?.text) to += 1;
      const group = permutations(signed.slice(from, to).map(({ i }) => i));
      orders = orders.flatMap((order) => group.map((part) => [...order, ...part]));
      from = to;
    }
    return orders;
  }

  #write({ candidates, messages, entry, run, faults, ghost }: World, order: readonly number[]): string {
    this.#ids = new Map();
    this.#out = [];
    const place = new Map(order.map((of, i) => [of, i]));
    for (const of of order) this.#candidate(candidates[of] as Candidate);
    this.#object('entry', entry);
    // Of one candidate in their order; of different ones the order says nothing.
    for (const of of order) {
      for (const message of messages)
        if (message.of === of) this.#message(message, candidates, place.get(of) as number);
    }
    this.#put(`run${run} faults${faults} ghost${ghost.leaderless},${ghost.requests}`);
    this.#put(this.#token(ghost.token));
    return this.#out.join(' ');
  }

  #candidate({ process, state, timeoutAt }: Candidate): void {
    this.#put(process);
    if (process === 'dead') return;
    this.#put(this.#relative(timeoutAt));
    this.#object(state.phase, relevantOf(state));
    if (state.phase === 'done') return;
    const { time, at } = state.memory;
    this.#put(time === undefined ? '-' : String(time - EPOCH - at));
  }

  #message(message: Message, candidates: readonly Candidate[], place: number): void {
    this.#put(`${message.kind}@${place}`);
    if (message.kind === 'notice') this.#object('notice', message.notice);
    else if (message.kind === 'drained') this.#put(this.#id(message.id));
    else this.#exchange(message, candidates);
  }

  #exchange(message: Extract<Message, { kind: 'request' | 'reply' }>, candidates: readonly Candidate[]): void {
    this.#put(candidates[message.of]?.state.sent === message.sent ? 'current' : 'stale');
    this.#object('sent', message.sent);
    if (message.kind === 'reply') this.#object('reply', message.reply);
  }

  #object(name: string, value: object | undefined): void {
    if (value === undefined) {
      this.#put('-');
      return;
    }
    const shape = SHAPES[name] as Shape;
    const fields = value as { readonly [field: string]: unknown };
    for (const field in fields)
      if (!(field in shape)) throw new Error(`shapes.ts does not say what the field ${field} of a ${name} is`);
    for (const field in shape) this.#field(name, field, shape[field] as Shape[string], fields[field]);
  }

  #field(_name: string, _field: string, kind: Shape[string], value: unknown): void {
    if (typeof kind === 'object') {
      if ('of' in kind) this.#object(kind.of, value as object | undefined);
      else {
        for (const one of (value as object[] | undefined) ?? []) this.#object(kind.each, one);
        this.#put(';');
      }
      return;
    }
    if (kind !== 'ignored') this.#put(value === undefined ? '-' : this.#text(kind, value));
  }

  #text(kind: Kind, value: unknown): string {
    switch (kind) {
      case 'flag':
        return value ? '1' : '0';
      case 'own':
        return this.#relative(value as number);
      case 'timer':
        return this.#relative(this.#ages ? Math.ceil((value as number) / TICK) * TICK : (value as number));
      case 'store':
        return value === 0 ? 'released' : this.#relative((value as number) - EPOCH);
      case 'age':
        return String(this.#ages ? Math.min(value as number, this.#ttl) : value);
      case 'token':
        return this.#token(value as number);
      case 'id':
        return this.#id(value as string);
      case 'ids':
        return `[${(value as string[]).map((id) => this.#id(id)).join()}]`;
      default:
        return String(value);
    }
  }

  /** Relative to now. What is longer ago than any rule looks back is as good as for ever. */
  #relative(at: number): string {
    if (at === Number.POSITIVE_INFINITY) return 'never';
    if (!this.#ages) return at === Number.NEGATIVE_INFINITY ? 'ever' : String(at - this.#now);
    return String(Math.max(at - this.#now, -2 * this.#ttl));
  }

  #id(id: string): string {
    if (id === '') return 'nobody';
    let number = this.#ids.get(id);
    if (number === undefined) {
      number = this.#ids.size;
      this.#ids.set(id, number);
    }
    return `#${number}`;
  }

  #token(token: number): string {
    if (token === 0 || token === Number.POSITIVE_INFINITY) return String(token);
    this.#seen?.push(token);
    return this.#tokens ? `t${this.#ranks.get(token)}` : String(token);
  }

  /** Tokens, and the server's µs that the next is at least, by their order and their gaps. */
  #rank(world: World): void {
    const seen: number[] = [(EPOCH + world.now) * 1000];
    this.#seen = seen;
    this.#write(
      world,
      world.candidates.map((_, i) => i),
    );
    this.#seen = undefined;
    seen.sort((a, b) => a - b);
    this.#ranks = new Map();
    let rank = 0;
    for (const [i, token] of seen.entries()) {
      if (i > 0) rank += Math.min(token - (seen[i - 1] as number), TOKEN_GAP);
      this.#ranks.set(token, rank);
    }
    // From the server's µs on: tokens below and above it are told apart by their sign.
    const base = this.#ranks.get((EPOCH + world.now) * 1000) as number;
    for (const [token, at] of this.#ranks) this.#ranks.set(token, at - base);
  }

  #put(text: string): void {
    if (!this.#seen) this.#out.push(text);
  }
}

/** Leaves out what the next event overwrites, whatever it is. */
function relevantOf(state: State): object {
  if (state.phase === 'done') return { phase: 'done' };
  if (state.phase !== 'campaigning') return state;
  // The answer to the request in flight sets the time of the next attempt anew.
  if (state.sent) return { ...state, nextAt: Number.POSITIVE_INFINITY };
  // The next request begins without a rival: only one announced while it is in flight counts.
  return state.notices.rivalToken === 0 ? state : { ...state, notices: { ...state.notices, rivalToken: 0 } };
}

function permutations(items: readonly number[]): number[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, i) => permutations(items.filter((_, j) => j !== i)).map((rest) => [item, ...rest]));
}
