export type Kind = 'ours' | 'rival' | 'floor';

/**
 * Who is measured. Apart from how they are driven, so that it can be known without having them
 * installed.
 */
export interface Entrant {
  readonly id: string;
  readonly label: string;
  readonly kind: Kind;
}

/** In the order of the tables, which is that of the databases, from 1. */
export const FIELD: readonly Entrant[] = [
  { id: 'rx-leader', label: 'rx-leader', kind: 'ours' },
  { id: 'floor-all', label: 'bare socket, all woken', kind: 'floor' },
  { id: 'floor-one', label: 'bare socket, one woken', kind: 'floor' },
  { id: 'floor-client', label: 'node-redis, one woken', kind: 'floor' },
  { id: 'redlock-4', label: 'redlock 4.2.0', kind: 'rival' },
  { id: 'redlock-5', label: 'redlock 5.0.0-beta.2', kind: 'rival' },
  { id: 'redlock-universal', label: 'redlock-universal', kind: 'rival' },
  { id: 'redis-semaphore', label: 'redis-semaphore', kind: 'rival' },
  { id: 'safe-redis-leader', label: 'safe-redis-leader', kind: 'rival' },
  { id: 'ts-safe-redis-leader', label: 'ts-safe-redis-leader', kind: 'rival' },
  { id: 'redis-leader', label: 'redis-leader', kind: 'rival' },
];

export function entrantOf(id: string): Entrant {
  const found = FIELD.find((entrant) => entrant.id === id);
  if (found === undefined) throw new Error(`nobody is called ${id}`);
  return found;
}

/** Each contender has its own database, which identifies its requests. */
export const databaseOf = (id: string): number => FIELD.indexOf(entrantOf(id)) + 1;
