import type { Cause, Entry } from '../../demo/report.js';

/** Forged entries of a log; `by` is a row and the number of its process, as in `alma/1`. */
const who = (by: string) => ({ row: by.slice(0, by.indexOf('/')), by });

export const yes = (by: string, at: number, token: number, until = at + 900): Entry => ({
  kind: 'yes',
  ...who(by),
  at,
  token,
  until,
});

export const no = (by: string, at: number): Entry => ({ kind: 'no', ...who(by), at });

export const follows = (by: string, at: number, reason = 'standby'): Entry => ({
  kind: 'role',
  role: 'follower',
  ...who(by),
  at,
  reason,
});

export const leads = (by: string, at: number, token: number): Entry => ({
  kind: 'role',
  role: 'leader',
  ...who(by),
  at,
  token,
});

export const fails = (by: string, at: number): Entry => ({
  kind: 'role',
  role: 'error',
  ...who(by),
  at,
  code: 'STORE_TIMEOUT',
  message: 'No answer',
});

export const becomes = (by: string, at: number, state: 'stopped' | 'continued' | 'dead'): Entry => ({
  kind: 'process',
  ...who(by),
  at,
  state,
});

export const started = (by: string, at: number): Entry => ({
  kind: 'process',
  ...who(by),
  at,
  state: 'started',
  pid: 4711,
});

export const closed = (by: string, at: number): Entry => ({ kind: 'closed', ...who(by), at });

/** Without `by`: to the server. */
export const incident = (cause: Cause, at: number, by?: string): Entry => ({
  kind: 'incident',
  cause,
  at,
  ...(by !== undefined && who(by)),
});

export const serverUp = (at: number): Entry => ({ kind: 'server-up', at });

export const ending = (at: number): Entry[] => [
  { kind: 'leave', at },
  { kind: 'end', at: at + 20 },
];

/** A leadership told of every 100 ms, each time with 900 ms to come. */
export function term(by: string, from: number, to: number, token: number): Entry[] {
  const told = Array.from({ length: Math.floor((to - from) / 100) + 1 }, (_, index) => from + index * 100);
  return [leads(by, from, token), ...told.map((at) => yes(by, at, token))];
}

/** Three terms: closed, killed, and led to the end. */
export const STORY: readonly Entry[] = [
  started('alma/1', 0),
  started('bert/1', 0),
  ...term('alma/1', 10, 2_010, 1_001),
  follows('bert/1', 20),
  incident('close', 2_050, 'alma/1'),
  no('alma/1', 2_051),
  follows('alma/1', 2_051, 'closed'),
  closed('alma/1', 2_052),
  ...term('bert/1', 2_250, 4_950, 1_002),
  follows('alma/1', 3_000),
  incident('kill', 5_000, 'bert/1'),
  becomes('bert/1', 5_001, 'dead'),
  ...term('alma/1', 5_900, 7_900, 1_003),
  started('bert/2', 6_500),
  follows('bert/2', 6_600),
  ...ending(8_000),
  no('alma/1', 8_001),
];
