import type { InjectedFault } from '../../../proof/chaos/fault-log.js';
import type { Evidence } from '../../../proof/chaos/verdict.js';
import type { Line, Log } from '../../../proof/checker.js';

/** The log of a candidate that told of a term and claimed it every 100 ms, both ends included. */
export function led(who: string, token: number, from: number, to: number): Log {
  const lines: Line[] = [{ kind: 'role', at: from, role: 'leader', token }];
  for (let at = from; at <= to; at += 100) lines.push({ kind: 'claim', from: at, to: at, token, by: 'isLeading' });
  lines.push({ kind: 'role', at: to, role: 'follower', reason: 'resigned' });
  return { who, lines };
}

export const noted = (who: string, note: string, text: string): Log => ({
  who,
  lines: [{ kind: 'note', at: 0, note, text }],
});

export const injected = (facts: Partial<InjectedFault> & Pick<InjectedFault, 'kind'>): InjectedFault => ({
  length: 'below',
  leader: false,
  from: 0,
  to: 0,
  ...facts,
});

/** A run of half a minute in which c1 and c2 led in turn, four times, half a second apart. */
export function evidenceOf(facts: Partial<Evidence> = {}): Evidence {
  const logs = [0, 1, 2, 3].map((turn) =>
    led(`c${(turn % 2) + 1}/${turn + 1}`, turn + 1, turn * 2_000, turn * 2_000 + 1_500),
  );
  return {
    minutes: 0.5,
    begun: 0,
    ended: 30_000,
    logs,
    faults: [],
    recoveries: [{ healed: 20_000, took: 900, allowed: 2_000 }],
    exits: [40, 60],
    complaints: [],
    ...facts,
  };
}
