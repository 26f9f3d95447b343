import { Observable } from 'rxjs';
import { type ElectionError, isElectionError } from '../port/errors.js';
import type { Answers, Decision } from './decide.js';
import type { Member } from './member.js';

/** What is done with an answer once there is a verdict, whether it came before that or after. */
type Afterwards<Reply> = (verdict: Reply | ElectionError, answer: Reply | ElectionError, i: number) => void;

/**
 * Asks all `members` at once and answers as soon as `decide` can, so that nobody waits for one that is slow. Given something to do
 * `afterwards`, the others are heard all the same, each as long as its own request lasts; else they are given up.
 */
export const askAll = <Reply>(
  members: readonly Member[],
  ask: (member: Member, i: number) => Observable<Reply>,
  decide: (answers: Answers<Reply>) => Decision<Reply>,
  afterwards?: Afterwards<Reply>,
): Observable<Reply> =>
  new Observable((subscriber) => {
    const answers: Array<Reply | ElectionError | undefined> = members.map(() => undefined);
    let verdict: Decision<Reply>;
    const hear = (answer: Reply | ElectionError, i: number) => {
      // Given up before there was a verdict, it comes to none: what was asked since may have come to another.
      if (verdict === undefined && subscriber.closed) return;
      answers[i] = answer;
      if (verdict !== undefined) {
        afterwards?.(verdict, answer, i);
        return;
      }
      verdict = decide(answers);
      if (verdict === undefined) return;
      if (isElectionError(verdict)) subscriber.error(verdict);
      else {
        subscriber.next(verdict);
        subscriber.complete();
      }
      for (const [j, one] of answers.entries()) if (one !== undefined) afterwards?.(verdict, one, j);
    };
    for (const [i, member] of members.entries()) {
      if (subscriber.closed && !afterwards) break;
      const heard = (answer: Reply | ElectionError) => hear(answer, i);
      const asked = ask(member, i).subscribe({ next: heard, error: heard });
      if (!afterwards) subscriber.add(asked);
    }
  });
