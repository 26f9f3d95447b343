import { ElectionError } from '../port/errors.js';
import type {
  AcquireReply,
  Held,
  Holder,
  LeaseRequest,
  ListReply,
  Lost,
  ReadReply,
  ReleaseReply,
  RenewReply,
  Standing,
  WithdrawReply,
} from '../port/lease-store.js';

/** A valid reply of a script: its status, the common fields, and the fields of this status. */
interface Answer {
  readonly status: string;
  readonly sight: { readonly time: number; readonly token: number; readonly until: number };
  readonly rest: readonly string[];
}

export function acquireReply(raw: unknown, request: LeaseRequest): AcquireReply {
  const { status, sight, rest } = answer(raw, request);
  switch (status) {
    case 'granted':
      return { status, ...sight, ...(rest[0] && { run: rest[0] }) };
    case 'held':
      return {
        status,
        ...sight,
        holder: holder(rest, raw, request),
        ...(rest[5] && { cut: whole(rest[5], raw, request) }),
      };
    case 'suspect':
      return { status, ...sight, wait: whole(rest[0], raw, request) };
    case 'late':
      return { status, ...sight };
    default:
      throw invalidReply(raw, request);
  }
}

/** The database of the lease in a reply; undefined if the reply has none. */
export function databaseIn(raw: unknown): string | undefined {
  if (!Array.isArray(raw)) return undefined;
  const status = String(raw[0]);
  const run = status === 'granted' ? raw[4] : status === 'held' || status === 'lost' ? raw[10] : undefined;
  return /:(\d+)$/.exec(String(run))?.[1];
}

/** Whether a grant has yet to be announced. */
export const isUntold = (raw: unknown): boolean =>
  Array.isArray(raw) && String(raw[0]) === 'granted' && String(raw[5]) === '1';

export function renewReply(raw: unknown, request: LeaseRequest): RenewReply {
  const { status, sight, rest } = answer(raw, request);
  switch (status) {
    case 'renewed':
      return { status, ...sight, ...(rest[0] && { run: rest[0] }) };
    case 'late':
      return { status, ...sight };
    case 'lost':
      return { status, ...sight, ...(rest[0] && { holder: holder(rest, raw, request) }) } satisfies Lost;
    default:
      throw invalidReply(raw, request);
  }
}

/** The outcome of a batch: one reply for all, except those at the indexes `alone`. */
export interface Together {
  readonly reply: RenewReply;
  readonly alone: ReadonlySet<number>;
}

/** Parses the reply to a batch. Throws if it is invalid; then each renewal is sent alone. */
export function renewManyReply(raw: unknown): Together {
  const [micros, until, run = '', ...alone] = Array.isArray(raw) ? raw.map(String) : [];
  const reply = { status: 'renewed', time: Number(micros) / 1000, until: Number(until), ...(run && { run }) } as const;
  if (!Number.isFinite(reply.time) || !Number.isSafeInteger(reply.until))
    throw new TypeError('several renewals got an answer that makes no sense');
  return { reply, alone: new Set(alone.map((place) => Number(place) - 1)) };
}

export function releaseReply(raw: unknown, request: LeaseRequest): ReleaseReply {
  const { status, sight, rest } = answer(raw, request);
  if (status === 'gone') return { status, ...sight };
  if (status === 'released') return { status, ...sight, ...(rest[0] && { told: rest[0] }) };
  throw invalidReply(raw, request);
}

export function withdrawReply(raw: unknown, request: LeaseRequest): WithdrawReply {
  const { status, sight } = answer(raw, request);
  if (status === 'withdrawn') return { status, ...sight };
  throw invalidReply(raw, request);
}

export function readReply(raw: unknown, request: LeaseRequest): ReadReply {
  const { status, sight, rest } = answer(raw, request);
  if (status === 'free') return { status, ...sight };
  if (status === 'held') return { status, ...sight, holder: holder(rest, raw, request) } satisfies Held;
  throw invalidReply(raw, request);
}

export function listReply(raw: unknown, request: LeaseRequest): ListReply {
  const { status, sight, rest } = answer(raw, request);
  if (status !== 'listed') throw invalidReply(raw, request);
  const candidates: Standing[] = [];
  for (let i = 1; i < rest.length; i += 2) {
    const one = standing(rest[i - 1] as string, Math.floor(Number(rest[i])));
    if (one) candidates.push(one);
  }
  return { status, ...sight, candidates };
}

/** A listed candidate; undefined if invalid. Anyone who may write the key can write anything. */
function standing(text: string, lastSeen: number): Standing | undefined {
  let member: Partial<Record<string, unknown>>;
  try {
    member = Object(JSON.parse(text));
  } catch {
    return undefined;
  }
  const { id, name = '', data = '' } = member;
  if (typeof id !== 'string' || typeof name !== 'string' || typeof data !== 'string') return undefined;
  if (id === '' || !Number.isSafeInteger(lastSeen)) return undefined;
  return { id, ...(name && { name }), ...(data && { data }), lastSeen };
}

/** A client may map types, such as text to Buffers. The string of each value is always the same. */
function answer(raw: unknown, request: LeaseRequest): Answer {
  if (!Array.isArray(raw) || raw.length < 4) throw invalidReply(raw, request);
  const [status = '', micros, token, until, ...rest] = raw.map(String);
  return {
    status,
    sight: {
      time: whole(micros, raw, request) / 1000,
      token: whole(token, raw, request),
      until: whole(until, raw, request),
    },
    rest,
  };
}

function holder([id = '', left, name, data, token]: readonly string[], raw: unknown, request: LeaseRequest): Holder {
  return {
    id,
    ...(name && { name }),
    ...(data && { data }),
    ...(token && { token: whole(token, raw, request) }),
    expiresIn: whole(left, raw, request),
  };
}

function whole(text: string | undefined, raw: unknown, request: LeaseRequest): number {
  const number = Number(text);
  if (!text || !Number.isSafeInteger(number) || number < 0) throw invalidReply(raw, request);
  return number;
}

function invalidReply(raw: unknown, { verb, key }: LeaseRequest): ElectionError {
  let shown: string;
  try {
    shown = JSON.stringify(raw) ?? String(raw);
  } catch {
    shown = String(raw);
  }
  return new ElectionError(
    'STORE_REPLY',
    `${verb} of "${key}" got an answer that makes no sense: ${shown.slice(0, 200)}`,
  );
}
