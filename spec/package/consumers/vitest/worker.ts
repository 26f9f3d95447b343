import { type Election, whileLeader } from 'rx-leader';
import { interval, map, type Observable } from 'rxjs';

/** What the application does while it leads. */
export const ticks = (election: Election): Observable<string> =>
  election.pipe(whileLeader(() => interval(1_000).pipe(map((n) => `tick ${n}`))));
