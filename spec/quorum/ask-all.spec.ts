import { describe, expect, it } from '@jest/globals';
import { Subject } from 'rxjs';
import type { RenewReply } from '../../lib/port/lease-store.js';
import { askAll } from '../../lib/quorum/ask-all.js';
import { countRenewals } from '../../lib/quorum/decide.js';
import type { Member } from '../../lib/quorum/member.js';

const LOST = { status: 'lost' } as const;

function renewal() {
  const answers = [new Subject<RenewReply>(), new Subject<RenewReply>(), new Subject<RenewReply>()];
  const concluded: unknown[] = [];
  const told: unknown[] = [];
  const asked = askAll(
    answers.map(() => ({}) as Member),
    (_, i) => answers[i] as Subject<RenewReply>,
    countRenewals,
    (verdict, _, i) => concluded.push([i, verdict]),
  ).subscribe((reply) => told.push(reply));
  return { answers, concluded, told, asked };
}

describe('askAll', () => {
  it('calls afterDecision for each answer, including those after the decision', () => {
    const { answers, concluded, told } = renewal();
    answers[0]?.next(LOST);
    answers[2]?.next(LOST);
    expect(told).toEqual([expect.objectContaining(LOST)]);
    answers[1]?.next(LOST);
    expect(concluded).toEqual([0, 2, 1].map((i) => [i, expect.objectContaining(LOST)]));
  });

  it('makes no decision after an unsubscription, because a later request may decide otherwise (G1)', () => {
    const { answers, concluded, asked } = renewal();
    answers[0]?.next({ status: 'renewed' });
    asked.unsubscribe();
    answers[1]?.next(LOST);
    answers[2]?.next(LOST);
    expect(concluded).toEqual([]);
  });
});
