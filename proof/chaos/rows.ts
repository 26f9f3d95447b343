import { laneOf, type Sign, type Span } from '../../scripts/drawing/lane.js';
import type { Log } from '../checker.js';
import type { InjectedFault } from './fault-log.js';
import type { Evidence } from './verdict.js';

/** A candidate's place in the picture. */
export interface PictureRow {
  readonly name: string;
  readonly spans: readonly Span[];
}

/** What each row showed, in the same order as its candidates came. */
export function pictureRowsOf({ logs, faults, begun, ended }: Evidence): PictureRow[] {
  const names = [...new Set(logs.map(({ who }) => rowNameOf(who)))];
  return names.map((name) => {
    const own = logs.filter(({ who }) => rowNameOf(who) === name);
    const signs = [...own.flatMap(signsOf), ...faults.filter(({ row }) => row === name).flatMap(stopsOf)];
    return { name, spans: laneOf(signs, ended).filter(({ to }) => to > begun) };
  });
}

const rowNameOf = (who: string): string => who.split('/')[0] as string;

function signsOf({ who: by, lines }: Log): Sign[] {
  return lines.flatMap((line): Sign[] => {
    const token = 'token' in line && line.token !== undefined ? { token: line.token } : {};
    switch (line.kind) {
      case 'role':
        return [{ kind: 'role', at: line.at, by, role: line.role, ...token }];
      case 'claim':
        return [{ kind: 'yes', at: line.from, by, ...token }];
      case 'left':
        return [{ kind: 'closed', at: line.at, by }];
      default:
        return []; // that it does not lead is said in its errors, too
    }
  });
}

/** What a process cannot say of itself. */
function stopsOf({ kind, by, from, to, leader }: InjectedFault): Sign[] {
  if (by === undefined) return [];
  const sign = (at: number, state: Extract<Sign, { kind: 'process' }>['state']): Sign => ({
    kind: 'process',
    at,
    by,
    state,
  });
  if (kind === 'kill -9') return [sign(from, 'dead')];
  if (kind !== 'SIGSTOP') return [];
  // A candidate that led reports at once whether it still does; the others have nothing to report.
  return [sign(from, 'stopped'), sign(to, leader ? 'continued' : 'awake')];
}
