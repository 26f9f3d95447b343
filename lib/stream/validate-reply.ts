import { inspect } from 'node:util';
import { defer, filter, NEVER, type Observable } from 'rxjs';
import { ElectionError } from '../port/errors.js';
import type { CandidateReply, Holder, LeaseRequest, LeaseStore, ListReply, Notice } from '../port/lease-store.js';

const STATUSES: Record<LeaseRequest['verb'], ReadonlyArray<(CandidateReply | ListReply)['status']>> = {
  acquire: ['granted', 'held', 'suspect', 'late'],
  renew: ['renewed', 'lost', 'late'],
  release: ['released', 'gone'],
  read: ['held', 'free'],
  withdraw: ['withdrawn'],
  list: ['listed'],
};

/**
 * Returns an error if `reply` does not fit `request`. Stores may be user code, and a bug there must
 * not break the election.
 */
export function problemWith(request: LeaseRequest, reply: unknown): unknown {
  try {
    return isValid(request, reply) ? undefined : invalidReply(request, reply);
  } catch (error) {
    return error;
  }
}

function isValid({ verb }: LeaseRequest, reply: unknown): boolean {
  const { status, time, token, until, holder, cut, wait, candidates } = Object(reply);
  return (
    STATUSES[verb].includes(status) &&
    (token === undefined ? status !== 'granted' : Number.isSafeInteger(token)) &&
    (wait === undefined ? status !== 'suspect' : Number.isFinite(wait)) &&
    isNumberIfAny(time) &&
    isNumberIfAny(until) &&
    isNumberIfAny(cut) &&
    (holder ? isHolder(holder) : status !== 'held') &&
    (status !== 'listed' || (Array.isArray(candidates) && candidates.every(isListedCandidate)))
  );
}

const isNumberIfAny = (value: unknown): boolean => value === undefined || Number.isFinite(value);

function isHolder(value: unknown): value is Holder {
  const { id, expiresIn } = Object(value);
  return typeof id === 'string' && Number.isFinite(expiresIn);
}

function isListedCandidate(candidate: unknown): boolean {
  const { id, lastSeen } = Object(candidate);
  return typeof id === 'string' && Number.isFinite(lastSeen);
}

const invalidReply = ({ verb, key }: LeaseRequest, reply: unknown): ElectionError =>
  new ElectionError('STORE_REPLY', `${verb} of "${key}" got a reply that makes no sense: ${inspect(reply)}`);

/** Whether `value` is a valid notice. Other values are ignored, like a lost notice. */
export function isNotice(value: unknown): value is Notice {
  const { kind, id, successor, holder } = Object(value);
  switch (kind) {
    case 'connected':
    case 'listening':
    case 'deaf':
      return true;
    case 'cut':
      return typeof id === 'string';
    case 'elected':
      return isHolder(holder);
    case 'released':
      return typeof id === 'string' && (successor === undefined || typeof successor === 'string');
    default:
      return false;
  }
}

/** The notices of `store` about the election `key`. Never emits if the store has no notices. */
export const noticesOf = (store: LeaseStore, key: string): Observable<Notice> =>
  defer(() => store.notices?.(key) ?? NEVER).pipe(filter(isNotice));
