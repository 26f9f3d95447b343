import { Observable } from 'rxjs';
import { type ElectionError, isElectionError } from '../port/errors.js';
import type { Answers, Decision } from './decide.js';
import type { Member } from './member.js';

/** What is done with each answer after the decision, in order of arrival. */
type AfterDecision<Reply> = (decision: Reply | ElectionError, answer: Reply | ElectionError, i: number) => void;

/**
 * Asks all `members` at once and replies as soon as `decide` can, so that a slow store delays
 * nobody.
 *
 * With `afterDecision`, it also receives the remaining answers, each within the limit of its own
 * request. Without it, it cancels them.
 */
export const askAll = <Reply>(
  members: readonly Member[],
  ask: (member: Member, i: number) => Observable<Reply>,
  decide: (answers: Answers<Reply>) => Decision<Reply>,
  afterDecision?: AfterDecision<Reply>,
): Observable<Reply> =>
  new Observable((subscriber) => {
    const answers: Array<Reply | ElectionError | undefined> = members.map(() => undefined);
    let decision: Decision<Reply>;
    const onAnswer = (answer: Reply | ElectionError, i: number) => {
      // An attempt that was cancelled before a decision makes none: a later attempt may have
      // decided otherwise.
      if (decision === undefined && subscriber.closed) return;
      answers[i] = answer;
      if (decision !== undefined) {
        afterDecision?.(decision, answer, i);
        return;
      }
      decision = decide(answers);
      if (decision === undefined) return;
      if (isElectionError(decision)) subscriber.error(decision);
      else {
        subscriber.next(decision);
        subscriber.complete();
      }
      for (const [j, one] of answers.entries()) if (one !== undefined) afterDecision?.(decision, one, j);
    };
    for (const [i, member] of members.entries()) {
      if (subscriber.closed && !afterDecision) break;
      const receive = (answer: Reply | ElectionError) => onAnswer(answer, i);
      const asked = ask(member, i).subscribe({ next: receive, error: receive });
      if (!afterDecision) subscriber.add(asked);
    }
  });
