import { describe, expect, it } from '@jest/globals';
import { ElectionError } from '../../lib/port/errors.js';
import type {
  AcquireReply,
  Held,
  ReadReply,
  ReleaseReply,
  RenewReply,
  WithdrawReply,
} from '../../lib/port/lease-store.js';
import {
  countGrants,
  countLists,
  countReads,
  countReleases,
  countRenewals,
  countWithdrawals,
  majorityOf,
} from '../../lib/quorum/decide.js';

const granted = (token = 1): AcquireReply => ({ status: 'granted', token });
const held = (id: string, expiresIn = 100, token?: number): Held => ({
  status: 'held',
  holder: { id, expiresIn, ...(token !== undefined && { token }) },
});
const suspect = (wait: number): AcquireReply => ({ status: 'suspect', wait });
const late: AcquireReply & RenewReply = { status: 'late' };
const silent = new ElectionError('STORE_TIMEOUT', 'no answer');
const readonly = new ElectionError('STORE_READONLY', 'a replica');
const conflict = new ElectionError('KEY_CONFLICT', 'no lease');
const pending = undefined;
const grants = (...answers: Array<AcquireReply | ElectionError | undefined>) => countGrants(answers, 'me');

describe('a majority', () => {
  it('shares a store with any other', () => {
    expect([3, 4, 5, 6, 7].map(majorityOf)).toEqual([2, 3, 3, 4, 4]);
  });
});

describe('the grants of a quorum', () => {
  it('elect with a majority, whatever the other replies are', () => {
    expect(grants(granted(), pending, granted())).toBe('elected');
    expect(grants(granted(), silent, granted())).toBe('elected');
    expect(grants(granted(), held('x'), granted())).toBe('elected');
    expect(grants(granted(), granted(), pending, pending)).toBeUndefined();
  });

  it('are undecided while a majority of grants or of another reply is possible', () => {
    expect(grants(granted(), pending, pending)).toBeUndefined();
    expect(grants(granted(), held('x'), pending)).toBeUndefined();
    expect(grants(silent, held('x'), pending)).toBeUndefined();
    expect(grants(held('x'), held('y'), pending)).toBeUndefined();
    expect(grants(granted(), suspect(9), pending)).toBeUndefined();
    expect(grants(silent, suspect(9), pending)).toBeUndefined();
    expect(grants(late, silent, pending)).toBeUndefined();
  });

  it('report the holder of a majority without waiting for slow stores, and when a majority is free', () => {
    expect(grants(held('x', 70, 3), held('x', 90, 2), pending)).toMatchObject({
      status: 'held',
      holder: { id: 'x', token: 2, expiresIn: 70 },
    });
    for (const [one, other] of [
      [2, 3],
      [2, undefined],
      [undefined, 2],
    ] as const) {
      expect(grants(held('x', 70, one), held('x', 90, other), pending)).toMatchObject({ holder: { token: 2 } });
    }
    expect(grants(held('y'), held('x'), held('x'))).toMatchObject({ status: 'held', holder: { id: 'x' } });
    expect(grants(held('x', 70), held('x', 90), silent)).toMatchObject({ holder: { id: 'x', expiresIn: 90 } });
    expect(grants(held('x', 70), held('x', 90), granted())).toMatchObject({ holder: { id: 'x', expiresIn: 70 } });
    expect(grants(suspect(50), held('x', 90), held('x', 20))).toMatchObject({ holder: { expiresIn: 50 } });
  });

  it('are split, with a rival, if a holder may have a majority together with unknown or emptied stores', () => {
    const rival = { status: 'held', holder: { id: 'x' } };
    expect(grants(silent, held('x'), granted())).toMatchObject({ status: 'split', rival });
    expect(grants(suspect(9), held('x'), granted())).toMatchObject({ status: 'split', rival, wait: 9 });
  });

  it('are split if nobody can have a majority, and if only the candidate’s own grants are in the way', () => {
    expect(grants(held('x', 10), held('y', 20), granted())).toEqual({ status: 'split', wait: 10, token: 1 });
    expect(grants(held('me~1'), granted(), silent)).toEqual({ status: 'split', wait: 0, token: 1 });
  });

  it('are suspect if a majority may have lost a lease', () => {
    expect(grants(suspect(30), suspect(10), pending)).toMatchObject({ status: 'suspect', wait: 10 });
    expect(grants(suspect(30), suspect(10), silent)).toMatchObject({ status: 'suspect', wait: 30 });
    expect(grants(suspect(30), granted(), silent)).toMatchObject({ status: 'suspect', wait: 30 });
  });

  it('fail if no majority can be asked: as unanswered, if any request was', () => {
    expect(grants(readonly, silent, pending)).toMatchObject({ code: 'STORE_TIMEOUT' });
    expect(grants(readonly, conflict, granted())).toMatchObject({ code: 'STORE_READONLY' });
    expect(grants(conflict, readonly, granted())).toMatchObject({ code: 'STORE_READONLY' });
    expect(grants(conflict, conflict, pending)).toMatchObject({ code: 'KEY_CONFLICT' });
    expect(grants(late, late, pending)).toMatchObject({ status: 'late' });
    expect(grants(late, silent, granted())).toMatchObject({ status: 'late' });
  });
});

describe('the renewals of a quorum', () => {
  const renewed: RenewReply = { status: 'renewed' };
  const lost: RenewReply = { status: 'lost' };
  const renewals = (...answers: Array<RenewReply | ElectionError | undefined>) => countRenewals(answers);

  it('renew with a majority, whatever the other replies are', () => {
    expect(renewals(renewed, pending, renewed)).toMatchObject({ status: 'renewed' });
    expect(renewals(lost, renewed, renewed)).toMatchObject({ status: 'renewed' });
    expect(renewals(conflict, renewed, renewed)).toMatchObject({ status: 'renewed' });
  });

  it('lose a term only when a majority is impossible', () => {
    expect(renewals(lost, pending, renewed)).toBeUndefined();
    expect(renewals(lost, late, pending)).toBeUndefined();
    expect(renewals(lost, silent, pending)).toBeUndefined();
    expect(renewals(late, late, renewed)).toMatchObject({ status: 'late' });
    expect(renewals(lost, silent, renewed)).toMatchObject({ code: 'STORE_TIMEOUT' });
    expect(renewals(lost, lost, renewed)).toMatchObject({ status: 'lost' });
    expect(renewals(lost, conflict, pending)).toMatchObject({ status: 'lost' });
    expect(renewals(conflict, conflict, pending)).toMatchObject({ code: 'KEY_CONFLICT' });
  });

  it('name another holder only if it may have a majority', () => {
    const by = (id: string): RenewReply => ({ status: 'lost', holder: { id, expiresIn: 9 } });
    expect(renewals(by('x'), by('x'), pending)).toMatchObject({ status: 'lost', holder: { id: 'x' } });
    expect(renewals(by('x'), lost, pending)).toMatchObject({ status: 'lost', holder: { id: 'x' } });
    expect(renewals(by('x'), lost, lost)).not.toHaveProperty('holder');
  });
});

describe('the releases, reads and lists of a quorum', () => {
  const released: ReleaseReply = { status: 'released' };
  const gone: ReleaseReply = { status: 'gone' };
  const free: ReadReply = { status: 'free' };

  it('release when a majority has answered', () => {
    expect(countReleases([gone, pending, pending])).toBeUndefined();
    expect(countReleases([gone, released, pending])).toMatchObject({ status: 'released' });
    expect(countReleases([gone, gone, silent])).toMatchObject({ status: 'gone' });
    expect(countReleases([released, silent, silent])).toMatchObject({ code: 'STORE_TIMEOUT' });
  });

  it('withdraw when a majority has answered', () => {
    const withdrawn: WithdrawReply = { status: 'withdrawn' };
    expect(countWithdrawals([withdrawn, pending, pending])).toBeUndefined();
    expect(countWithdrawals([withdrawn, silent, pending])).toBeUndefined();
    expect(countWithdrawals([withdrawn, silent, withdrawn])).toEqual(withdrawn);
    expect(countWithdrawals([withdrawn, silent, silent])).toMatchObject({ code: 'STORE_TIMEOUT' });
  });

  it('report the holder with a certain or possible majority, and otherwise nobody', () => {
    expect(countReads([free, pending, pending])).toBeUndefined();
    expect(countReads([held('x'), held('x~2'), pending])).toMatchObject({ holder: { id: 'x' } });
    expect(countReads([held('x'), free, pending])).toBeUndefined();
    expect(countReads([held('x'), free, silent])).toMatchObject({ holder: { id: 'x' } });
    expect(countReads([held('x'), free, free])).toMatchObject({ status: 'free' });
    expect(countReads([held('x'), held('y'), free])).toMatchObject({ status: 'free' });
    expect(countReads([free, free, pending])).toMatchObject({ status: 'free' });
    expect(countReads([free, silent, silent])).toMatchObject({ code: 'STORE_TIMEOUT' });
  });

  it('list every candidate that a majority knows, once, latest attempt first', () => {
    const listed = (...ids: Array<[string, number]>) => ({
      status: 'listed' as const,
      candidates: ids.map(([id, lastSeen]) => ({ id, lastSeen })),
    });
    expect(countLists([listed(['a', 1]), pending, pending])).toBeUndefined();
    expect(countLists([listed(['a', 1]), silent, silent])).toMatchObject({ code: 'STORE_TIMEOUT' });
    expect(countLists([listed(['b', 2], ['a', 3]), listed(['a~1', 1]), pending])).toMatchObject({
      candidates: [
        { id: 'a', lastSeen: 3 },
        { id: 'b', lastSeen: 2 },
      ],
    });
    expect(countLists([listed(['a', 1], ['b', 2]), listed(['a~1', 3]), silent])).toMatchObject({
      candidates: [
        { id: 'a', lastSeen: 3 },
        { id: 'b', lastSeen: 2 },
      ],
    });
  });
});
