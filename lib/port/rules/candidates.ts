import type {
  AcquireRequest,
  ListReply,
  ListRequest,
  ReleaseRequest,
  Standing,
  WithdrawReply,
  WithdrawRequest,
} from '../lease-store.js';
import { CANDIDATES_MAX, LISTED_TTLS, SUCCESSOR_SEARCH } from '../limits.js';
import {
  type Candidates,
  type Entry,
  expire,
  lasts,
  msOf,
  type Outcome,
  requireMaster,
  type Server,
  sight,
} from './entry.js';

export const isSame = (one: Standing, { id, name, data = '' }: AcquireRequest | WithdrawRequest): boolean =>
  one.id === id && (one.name ?? '') === name && (one.data ?? '') === data;

/**
 * Adds the requesting candidate to the list.
 *
 * Drops candidates that were last seen too long ago. Drops candidates last seen in the future, too:
 * the clock was set back.
 */
export function standBy(before: Candidates | undefined, request: AcquireRequest, now: number): Candidates {
  const { id, name, data, ttl, hears = false } = request;
  const others = fresh(before, ttl, now).filter((one) => !isSame(one, request) && one.lastSeen <= now);
  const own = { id, ...(name && { name }), ...(data && { data }), lastSeen: now, hears };
  return { list: [own, ...others].sort(latestFirst), expiresAt: now + 2 * ttl };
}

type Entrant = Candidates['list'][number];

/** The member as the sorted set in Redis stores it. */
const memberOf = ({ id, name = '', data = '' }: Standing): string => JSON.stringify({ id, name, data, inbox: '' });

const scoreOf = ({ lastSeen, hears }: Entrant): number => lastSeen + (hears ? 0 : 0.5);

const latestFirst = (a: Entrant, b: Entrant): number => scoreOf(b) - scoreOf(a) || (memberOf(a) < memberOf(b) ? 1 : -1);

const standing = (candidates: Candidates | undefined, now: number): readonly Entrant[] =>
  candidates && lasts(candidates, now) ? candidates.list : [];

/** Candidates whose last request is recent enough to count as standing by. */
const fresh = (candidates: Candidates | undefined, ttl: number, now: number): readonly Entrant[] =>
  standing(candidates, now).filter((one) => scoreOf(one) >= Math.floor(now - LISTED_TTLS * ttl));

export const without = (candidates: Candidates, isMeant: (one: Entrant) => boolean): Candidates => ({
  ...candidates,
  list: candidates.list.filter((one) => !isMeant(one)),
});

/** Lists the candidates that stand by. */
export function list(before: Entry, { ttl }: ListRequest, server: Server): Outcome<ListReply> {
  const now = msOf(server);
  const entry = expire(before, now);
  const told = fresh(entry.candidates, ttl, now).map(({ hears: _, ...one }) => one);
  return { entry, reply: { status: 'listed', ...sight(entry, server), candidates: told } };
}

/**
 * Chooses the successor, and removes the absent candidate from the list.
 *
 * A requested successor matches by id first, then by name. Without a request, the successor is the
 * most recently seen candidate that receives notices.
 */
export function succession(
  candidates: Candidates | undefined,
  { id, successor: wish, absent }: ReleaseRequest,
  now: number,
) {
  const looked = standing(candidates, now).slice(0, wish === undefined ? SUCCESSOR_SEARCH : CANDIDATES_MAX);
  const others = looked.filter((one) => one.id !== id && one.id !== absent);
  const hearing = others.filter(({ hears }) => hears);
  const next = wish === undefined ? hearing[0] : hearing.find((one) => one.id === wish);
  const chosen = next ? looked.indexOf(next) : -1;
  const isMeant = ({ name }: Entrant) => name !== undefined && name === wish;
  const named = next ?? hearing.find(isMeant);
  const passed = looked.slice(0, chosen < 0 ? looked.length : chosen).filter((one) => one.id === absent);
  const rest = candidates && without(candidates, (one) => passed.includes(one));
  return { successor: (named ?? others.find(isMeant))?.id ?? wish, isListed: named !== undefined, rest };
}

/** Removes a candidate from the list. */
export function withdraw(before: Entry, request: WithdrawRequest, server: Server): Outcome<WithdrawReply> {
  requireMaster(server);
  const { candidates, ...others } = expire(before, msOf(server));
  const left = candidates && without(candidates, (one) => isSame(one, request));
  const entry = { ...others, ...(left && { candidates: left }) };
  return { entry, reply: { status: 'withdrawn', ...sight(entry, server) } };
}
