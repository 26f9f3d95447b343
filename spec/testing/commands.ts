import type {
  AcquireRequest,
  LeaseReply,
  LeaseRequest,
  ReleaseRequest,
  RenewRequest,
  Watched,
} from '../../lib/port/lease-store.js';
import type { Random } from '../../proof/random.js';

/** One command to both stores: a request, or an event. */
export type Command =
  | { readonly do: 'ask'; readonly request: LeaseRequest }
  /** A renewal that shares one request with the renewal of another election. */
  | { readonly do: 'ask'; readonly request: RenewRequest; readonly isJoint: true }
  | { readonly do: 'lose'; readonly key: string; readonly what: 'lease' | 'record' }
  | { readonly do: 'put'; readonly key: string; readonly id: string; readonly ttl?: number }
  | { readonly do: 'flush' }
  | { readonly do: 'restart' };

const KEYS = ['one', 'two', 'three'];

/** ms. Short ones expire within a few commands; the long one exists to be shortened. */
const TTLS = [3, 8, 20, 50, 300];

const TEXTS = ['', 'plain', 'ключ 🗝', '"quoted" \\ {}%s\n'];

/** What one candidate knows of one election. */
interface Known {
  id: string;
  token: number;
  seen: number;
  run?: string;
  until: number;
  time: number;
  /** The texts of its last grant or renewal. */
  texts: Texts;
}

interface Texts {
  readonly name: string;
  readonly data?: string;
}

const NOTHING_KNOWN = { token: 0, seen: 0, until: 0, time: 0, texts: { name: '' } };

/** µs by which a token is sometimes ahead of the store's time, as after a clock was set back. */
const AHEAD = 3_600_000_000;

/**
 * Candidates that mostly behave like those of an election, and sometimes send arbitrary requests.
 */
export class Commands {
  readonly #known = new Map<string, Known>();
  #ids = 0;

  constructor(readonly random: Random) {}

  next(): Command {
    const { random } = this;
    const key = random.pick(...KEYS);
    if (random.chance(0.9)) return this.#ask(key);
    const roll = random.next();
    if (roll < 0.5) return { do: 'lose', key, what: random.pick('lease', 'lease', 'record') };
    if (roll < 0.7)
      return { do: 'put', key, id: random.pick('foreign', this.#candidate(key).id), ttl: random.pick(...TTLS) };
    if (roll < 0.75) return { do: 'put', key, id: 'no lease' };
    return { do: random.pick('flush', 'restart', 'restart') };
  }

  /** Updates the knowledge of the asking candidate with `reply`. */
  learn({ key, ...request }: LeaseRequest, reply: LeaseReply): void {
    if (!('id' in request)) return;
    const known = this.#knownOf(request.id);
    if (!known) return;
    known.seen = Math.max(known.seen, reply.token ?? 0);
    known.until = reply.until ?? 0;
    known.time = reply.time ?? 0;
    if ('name' in request && (reply.status === 'renewed' || reply.status === 'granted')) {
      const { name, data } = request;
      known.texts = { name, ...(data !== undefined && { data }) };
    }
    if (reply.status === 'renewed' && reply.run !== undefined) known.run = reply.run;
    if (reply.status !== 'granted') return;
    known.token = reply.token;
    known.run = reply.run ?? '';
  }

  #knownOf(id: string): Known | undefined {
    return [...this.#known.values()].find((known) => known.id === id);
  }

  #candidate(key: string): Known {
    const { random } = this;
    const name = `${key} ${random.whole(1, 3)}`;
    const known = this.#known.get(name);
    if (known && random.chance(0.85)) return known;
    const id = `${name}/${++this.#ids}`;
    // Either another attempt with knowledge, or a new candidate without any.
    const next = known && random.chance(0.7) ? Object.assign(known, { id }) : { ...NOTHING_KNOWN, id };
    this.#known.set(name, next);
    return next;
  }

  #ask(key: string): Command {
    const request = this.#request(key);
    if (request.verb !== 'renew' || this.random.chance(0.5)) return { do: 'ask', request };
    // An election never changes its texts, so joint renewals do not write them again.
    const { name: _, data: __, ...others } = request;
    const { texts } = this.#knownOf(request.id) ?? NOTHING_KNOWN;
    return { do: 'ask', request: { ...others, ...texts }, isJoint: true };
  }

  #request(key: string): LeaseRequest {
    const { random } = this;
    const candidate = this.#candidate(key);
    const common = { key, timeout: 5_000 };
    switch (
      random.pick('acquire', 'acquire', 'acquire', 'renew', 'renew', 'release', 'release', 'read', 'list', 'withdraw')
    ) {
      case 'acquire':
        return { verb: 'acquire', ...common, ...this.#acquire(candidate) };
      case 'renew':
        return { verb: 'renew', ...common, ...this.#renew(candidate) };
      case 'release':
        return { verb: 'release', ...common, id: candidate.id, ...this.#manner(key) };
      case 'withdraw': {
        const { name, data } = this.#texts();
        return { verb: 'withdraw', ...common, id: candidate.id, name, ...(data !== undefined && { data }) };
      }
      case 'list':
        return { verb: 'list', ...common, ttl: random.pick(...TTLS) };
      default:
        return { verb: 'read', ...common };
    }
  }

  /** Who receives the notice of a release, or has received it. */
  #manner(key: string): Pick<ReleaseRequest, 'successor' | 'quiet' | 'absent'> {
    const { random } = this;
    return {
      ...(random.chance(0.3) && { successor: random.pick(this.#candidate(key).id, ...TEXTS.filter(Boolean)) }),
      ...(random.chance(0.6) && { quiet: true }),
      ...(random.chance(0.2) && { absent: this.#candidate(key).id }),
    };
  }

  #acquire(candidate: Known): Omit<AcquireRequest, 'verb' | 'key' | 'timeout'> {
    const { random } = this;
    const ttl = random.pick(...TTLS);
    const watched = random.chance(0.5) ? this.#watched(candidate, ttl) : undefined;
    return {
      id: candidate.id,
      ttl,
      ...this.#texts(),
      lastToken: this.#lastToken(candidate),
      ...this.#notAfter(candidate),
      coldStart: random.chance(0.2) ? 'wait' : 'elect',
      ...(watched && { watched }),
      ...(random.chance(0.5) && { hears: true }),
    };
  }

  #renew(candidate: Known): Omit<RenewRequest, 'verb' | 'key' | 'timeout'> {
    const { random } = this;
    return {
      id: candidate.id,
      ttl: random.pick(...TTLS),
      ...this.#texts(),
      token: Math.max(0, candidate.token + random.pick(0, 0, 0, 0, 1, -1)),
      ...(candidate.run !== undefined && random.chance(0.9) && { run: candidate.run }),
      ...(random.chance(0.2) && { asksRun: true }),
      ...this.#notAfter(candidate),
    };
  }

  #lastToken({ seen }: Known): number {
    const { random } = this;
    return random.chance(0.01) ? seen + AHEAD : random.pick(0, seen, seen, seen, seen, seen + 1);
  }

  #texts(): Texts {
    const { random } = this;
    return { name: random.pick(...TEXTS), ...(random.chance(0.5) && { data: random.pick(...TEXTS) }) };
  }

  /** A deadline by the candidate's estimate of store time, sometimes in the past. */
  #notAfter({ time }: Known): { notAfter?: number } {
    const { random } = this;
    if (time === 0 || random.chance(0.5)) return {};
    return { notAfter: time + random.pick(10_000, 10_000, 10_000, 10_000, 0, -5) + random.next() };
  }

  #watched({ until, time }: Known, ttl: number): Watched {
    const { random } = this;
    return {
      until: until + random.pick(0, 0, 0, 0, 1),
      time: random.pick(time, until, until - 1, until - random.next() * ttl, until + random.next() * ttl),
      age: random.pick(0, ttl / 2, ttl - random.next(), ttl, 2 * ttl),
    };
  }
}
