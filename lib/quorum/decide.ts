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

/** What has come of one request at each store, in order; undefined: nothing yet. */
export type Answers<Reply> = ReadonlyArray<Reply | ElectionError | undefined>;

/** What they come to together; undefined while that is open. */
export type Decision<Reply> = Reply | ElectionError | undefined;

/**
 * Nobody is known to have a majority, as several have taken some each. It is not free for `wait` ms unless one of them gives up. `rival`: who
 * may have one after all, with those that cannot be asked.
 */
export interface Split {
  readonly status: 'split';
  readonly wait: number;
  /** The highest on record anywhere: who is told in vain is to know it, too, or would take a store that loses it for a new one. */
  readonly token: number;
  readonly rival?: Held;
}

/** How many stores are a majority of `count`: any two of those share one at least. */
export const majorityOf = (count: number): number => Math.floor(count / 2) + 1;

interface Tally<Reply> {
  readonly replies: readonly Reply[];
  readonly errors: readonly ElectionError[];
  readonly pending: number;
  readonly majority: number;
  /** How many may fail, or refuse, and leave a majority. */
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

/** `'elected'` where a majority has granted the lease to `id`, which has it once they all know its token. */
export function countGrants(answers: Answers<AcquireReply>, id: string): Decision<AcquireReply | Split | 'elected'> {
  const { replies, errors, pending, majority, spare, count } = tally(answers);
  const granted = replies.filter(({ status }) => status === 'granted').length;
  const told = replies.filter(({ status }) => status !== 'late');
  if (granted >= majority) return 'elected';
  if (errors.length > spare) return unusable(errors, count, majority);
  if (count - pending - told.length > spare) {
    return replies.length >= majority ? { status: 'late', ...highest(replies) } : undefined;
  }
  if (granted + pending >= majority || told.length < majority) return undefined;
  // Those that have yet to answer may have it free: better asked once too early than waited for in vain.
  const wait = nth([...told.map(waitOf), ...Array<number>(pending).fill(0)], majority);
  const holders = holdersOf(told);
  const [first] = holders.filter(({ holder }) => holder.id !== id);
  // What it has of its own is being given back.
  if (!first)
    return holders.length > 0
      ? { status: 'split', wait: 0, ...highest(replies) }
      : { status: 'suspect', wait, ...highest(replies) };
  if (first.votes < majority && pending > 0) return undefined;
  // Whoever has said nothing, or has lost what it knew, may be of the same mind.
  const others = count - granted - told.filter(({ status }) => status === 'held').length;
  const reply: Held = { status: 'held', holder: { ...first.holder, expiresIn: wait }, ...highest(replies) };
  if (first.votes >= majority) return reply;
  return { status: 'split', wait, ...highest(replies), ...(first.votes + others >= majority && { rival: reply }) };
}

/** Renewed by a majority; lost when none can be had any more, which silence alone does not show. */
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

/** Given up when a majority says so: what is left of it is no majority. */
export function countReleases(answers: Answers<ReleaseReply>): Decision<ReleaseReply> {
  const { replies, errors, majority, spare, count } = tally(answers);
  if (errors.length > spare) return unusable(errors, count, majority);
  if (replies.length < majority) return undefined;
  const released = replies.some(({ status }) => status === 'released');
  return { status: released ? 'released' : 'gone', ...highest(replies) };
}

/** Off the list when a majority says so. */
export function countWithdrawals(answers: Answers<WithdrawReply>): Decision<WithdrawReply> {
  const { replies, errors, majority, spare, count } = tally(answers);
  if (errors.length > spare) return unusable(errors, count, majority);
  return replies.length < majority ? undefined : { status: 'withdrawn' };
}

/** Who holds a majority, or may: a store that cannot be asked may be one of theirs. */
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

/** Whoever stands by as far as a majority knows; who asked any of them last comes first. */
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

/** The highest token on record anywhere. Times are not told: each store has its own, which says nothing of the others. */
function highest(replies: readonly LeaseReply[]): { readonly token: number } {
  return { token: Math.max(0, ...replies.map(({ token = 0 }) => token)) };
}

/** Each holder that is named, and by how many; who is named most comes first. */
function holdersOf(replies: readonly LeaseReply[]): Array<{ readonly holder: Holder; readonly votes: number }> {
  const found = new Map<string, { holder: Holder; votes: number }>();
  for (const { holder } of replies as ReadonlyArray<Partial<Held>>) {
    if (!holder) continue;
    const one = { ...holder, id: candidateIdOf(holder.id) };
    const { holder: other = one, votes = 0 } = found.get(one.id) ?? {};
    // Those who were slow to grant may have gone beyond the token that was settled on; those who were behind it have been told.
    const isLower = (one.token ?? Number.POSITIVE_INFINITY) < (other.token ?? Number.POSITIVE_INFINITY);
    found.set(one.id, { holder: isLower ? one : other, votes: votes + 1 });
  }
  return [...found.values()].sort((a, b) => b.votes - a.votes);
}

/** ms until one store's lease may be had, as far as its reply says. */
function waitOf(reply: AcquireReply | ReadReply): number {
  if (reply.status === 'held') return reply.holder.expiresIn;
  return reply.status === 'suspect' ? reply.wait : 0;
}

/** The `n`th of them, from the lowest, counted from 1. */
const nth = (numbers: readonly number[], n: number): number =>
  [...numbers].sort((a, b) => a - b)[n - 1] ?? Math.max(0, ...numbers);

/** One error for several: silence before refusals, since only of those is it known that nothing was done. */
function unusable(errors: readonly ElectionError[], count: number, majority: number): ElectionError {
  const cause = errors.find(isUnanswered) ?? errors.find(({ code }) => code !== 'KEY_CONFLICT') ?? errors[0];
  const { code = 'STORE_REPLY', message } = cause ?? {};
  const text = `of ${count} stores ${majority} are needed, and ${errors.length} failed, one of them so: ${message}`;
  return new ElectionError(code, text, { cause });
}
