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

/** A script's answer, checked: its status, what every answer has, and the fields after those. */
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

/** The database in which the lease was granted that an answer tells of; undefined where it tells none. */
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

/** What several renewals come to: all are told the same, but those that are to be asked for alone, by their place. */
export interface Together {
  readonly reply: RenewReply;
  readonly alone: ReadonlySet<number>;
}

/** The answer to several renewals. One that makes no sense is for none of them: each is then asked for alone. */
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

/** Undefined for what is none of ours: whoever may write there can put anything there. */
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

/** Clients map types as their users like (text as Buffers, numbers as text): whatever it is, its text is what was sent. */
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
