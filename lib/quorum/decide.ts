import { isUnanswered } from '../core/campaign.js';
import { ElectionError, isElectionError } from '../port/errors.js';
import type {
  AcquireReply,
  Held,
  Holder,
  LeaseReply,
  ListReply,
  ReadReply,
  ReleaseReply,
  RenewReply,
  Standing,
  WithdrawReply,
} from '../port/lease-store.js';
import { candidateIdOf } from './attempt-ids.js';

/** The answers of all stores to one request, in order; undefined while a store has not answered. */
export type Answers<Reply> = ReadonlyArray<Reply | ElectionError | undefined>;

/** The combined answer; undefined while it is open. */
export type Decision<Reply> = Reply | ElectionError | undefined;

/**
 * No candidate is known to have a majority, because several have some stores each.
 *
 * The lease is not free for `wait` ms unless one of them gives up. `rival` may have a majority,
 * together with the stores that cannot be asked.
 */
export interface Split {
  readonly status: 'split';
  readonly wait: number;
  /**
   * The highest token on record anywhere. A refused candidate must know it.
   * Otherwise it would take a store that loses its data for a new store.
   */
  readonly token: number;
  readonly rival?: Held;
}

/** The size of a majority of `count` stores. Any two majorities share at least one store. */
export const majorityOf = (count: number): number => Math.floor(count / 2) + 1;

interface Tally<Reply> {
  readonly replies: readonly Reply[];
  readonly errors: readonly ElectionError[];
  readonly pending: number;
  readonly majority: number;
  /** How many stores may fail or refuse and leave a majority. */
  readonly spare: number;
  readonly count: number;
}

function tally<Reply>(answers: Answers<Reply>): Tally<Reply> {
  const errors = answers.filter(isElectionError);
  const replies = answers.filter((answer): answer is Reply => answer !== undefined && !isElectionError(answer));
  const count = answers.length;
  const majority = majorityOf(count);
  const pending = count - errors.length - replies.length;
  return { replies, errors, pending, majority, spare: count - majority, count };
}

/**
 * Counts an attempt. `'elected'` means that a majority has granted the lease to `id`, which leads
 * once they all know its token.
 */
export function countGrants(answers: Answers<AcquireReply>, id: string): Decision<AcquireReply | Split | 'elected'> {
  const { replies, errors, pending, majority, spare, count } = tally(answers);
  const granted = replies.filter(({ status }) => status === 'granted').length;
  const timely = replies.filter(({ status }) => status !== 'late');
  if (granted >= majority) return 'elected';
  if (errors.length > spare) return unusable(errors, count, majority);
  if (count - pending - timely.length > spare) {
    return replies.length >= majority ? { status: 'late', ...highest(replies) } : undefined;
  }
  if (granted + pending >= majority || timely.length < majority) return undefined;
  // Pending stores may be free. Asking once too early is better than waiting for nothing.
  const wait = nth([...timely.map(waitOf), ...Array<number>(pending).fill(0)], majority);
  const holders = holdersOf(timely);
  const [first] = holders.filter(({ holder }) => holder.id !== id);
  // Only the candidate's own earlier grants are left, and they are being given back.
  if (!first)
    return holders.length > 0
      ? { status: 'split', wait: 0, ...highest(replies) }
      : { status: 'suspect', wait, ...highest(replies) };
  if (first.votes < majority && pending > 0) return undefined;
  // Silent stores, and stores that have lost their data, may hold the same lease.
  const others = count - granted - timely.filter(({ status }) => status === 'held').length;
  const reply: Held = { status: 'held', holder: { ...first.holder, expiresIn: wait }, ...highest(replies) };
  if (first.votes >= majority) return reply;
  return { status: 'split', wait, ...highest(replies), ...(first.votes + others >= majority && { rival: reply }) };
}

/**
 * Renewed by a majority. Lost when a majority is impossible, which silence alone does not prove.
 */
export function countRenewals(answers: Answers<RenewReply>): Decision<RenewReply> {
  const { replies, errors, pending, majority, spare, count } = tally(answers);
  const renewed = replies.filter(({ status }) => status === 'renewed').length;
  const lost = replies.filter(({ status }) => status === 'lost');
  const conflicts = errors.filter(({ code }) => code === 'KEY_CONFLICT');
  const over = lost.length + conflicts.length;
  if (renewed >= majority) return { status: 'renewed', ...highest(replies) };
  if (over > spare) return lost.length > 0 ? loss(lost, count) : unusable(errors, count, majority);
  if (renewed + pending >= majority || over + pending > spare) return undefined;
  return errors.length > 0 ? unusable(errors, count, majority) : { status: 'late', ...highest(replies) };
}

function loss(lost: readonly RenewReply[], count: number): RenewReply {
  const [first] = holdersOf(lost);
  const leads = first && first.votes + count - lost.length >= majorityOf(count);
  return { status: 'lost', ...(leads && { holder: first.holder }), ...highest(lost) };
}

/** Released when a majority says so: the rest is no majority. */
export function countReleases(answers: Answers<ReleaseReply>): Decision<ReleaseReply> {
  const { replies, errors, majority, spare, count } = tally(answers);
  if (errors.length > spare) return unusable(errors, count, majority);
  if (replies.length < majority) return undefined;
  const released = replies.some(({ status }) => status === 'released');
  return { status: released ? 'released' : 'gone', ...highest(replies) };
}

/** Removed from the list when a majority says so. */
export function countWithdrawals(answers: Answers<WithdrawReply>): Decision<WithdrawReply> {
  const { replies, errors, majority, spare, count } = tally(answers);
  if (errors.length > spare) return unusable(errors, count, majority);
  return replies.length < majority ? undefined : { status: 'withdrawn' };
}

/**
 * Finds the holder of a certain or possible majority. A store that cannot be asked may belong to
 * it.
 */
export function countReads(answers: Answers<ReadReply>): Decision<ReadReply> {
  const { replies, errors, pending, majority, spare, count } = tally(answers);
  if (errors.length > spare) return unusable(errors, count, majority);
  if (replies.length < majority) return undefined;
  const [first] = holdersOf(replies);
  const most = first ? first.votes + pending + errors.length : 0;
  if (!first || most < majority) return { status: 'free', ...highest(replies) };
  if (first.votes < majority && pending > 0) return undefined;
  const expiresIn = nth(replies.map(waitOf), majority);
  return { status: 'held', holder: { ...first.holder, expiresIn }, ...highest(replies) };
}

/** Merges the lists of a majority, latest attempt first. */
export function countLists(answers: Answers<ListReply>): Decision<ListReply> {
  const { replies, errors, majority, spare, count } = tally(answers);
  if (errors.length > spare) return unusable(errors, count, majority);
  if (replies.length < majority) return undefined;
  const latest = new Map<string, Standing>();
  for (const one of replies.flatMap(({ candidates }) => candidates)) {
    const candidate = { ...one, id: candidateIdOf(one.id) };
    const known = latest.get(candidate.id);
    if (!known || known.lastSeen < candidate.lastSeen) latest.set(candidate.id, candidate);
  }
  const candidates = [...latest.values()].sort((a, b) => b.lastSeen - a.lastSeen);
  return { status: 'listed', candidates };
}

/**
 * The highest token on record anywhere. Times are omitted, because each store has its own clock.
 */
function highest(replies: readonly LeaseReply[]): { readonly token: number } {
  return { token: Math.max(0, ...replies.map(({ token = 0 }) => token)) };
}

/** Each holder with its number of stores, most stores first. */
function holdersOf(replies: readonly LeaseReply[]): Array<{ readonly holder: Holder; readonly votes: number }> {
  const found = new Map<string, { holder: Holder; votes: number }>();
  for (const { holder } of replies as ReadonlyArray<Partial<Held>>) {
    if (!holder) continue;
    const one = { ...holder, id: candidateIdOf(holder.id) };
    const { holder: other = one, votes = 0 } = found.get(one.id) ?? {};
    // A slow store may have granted a token above the term's. Stores below the term's token
    // received it. The lowest is therefore the term's.
    const isLower = (one.token ?? Number.POSITIVE_INFINITY) < (other.token ?? Number.POSITIVE_INFINITY);
    found.set(one.id, { holder: isLower ? one : other, votes: votes + 1 });
  }
  return [...found.values()].sort((a, b) => b.votes - a.votes);
}

/** ms until one store's lease may be free, according to its reply. */
function waitOf(reply: AcquireReply | ReadReply): number {
  if (reply.status === 'held') return reply.holder.expiresIn;
  return reply.status === 'suspect' ? reply.wait : 0;
}

/** The `n`th lowest number, counted from 1. */
const nth = (numbers: readonly number[], n: number): number =>
  [...numbers].sort((a, b) => a - b)[n - 1] ?? Math.max(0, ...numbers);

/**
 * Combines several errors into one. Silence takes precedence, because a refused request certainly
 * changed nothing.
 */
function unusable(errors: readonly ElectionError[], count: number, majority: number): ElectionError {
  const cause = errors.find(isUnanswered) ?? errors.find(({ code }) => code !== 'KEY_CONFLICT') ?? errors[0];
  const { code = 'STORE_REPLY', message } = cause ?? {};
  const text = `of ${count} stores ${majority} are needed, and ${errors.length} failed, one of them so: ${message}`;
  return new ElectionError(code, text, { cause });
}
