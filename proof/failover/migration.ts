import type { Keys } from '../../lib/redis/keys.js';
import { call, type Node } from './nodes.js';

type Member = Pick<Node, 'admin' | 'at'>;

/** An election's slot, its owner, and the master that receives it. */
export interface Move {
  readonly slot: number;
  readonly owner: Member;
  readonly another: Member;
}

/** The move of an election's slot to another master, as far as it has come. */
export interface Migration {
  /** Moves the remaining keys, and gives the slot to the other master. */
  finish(): Promise<void>;
}

/** Begins to move the slot of an election: its lease and record, but not its candidates. */
export async function moveSlot({ owner: here, another: there, slot }: Move, keys: Keys): Promise<Migration> {
  const set = (node: Member, ...args: string[]) => call(node, 'CLUSTER', 'SETSLOT', String(slot), ...args);
  const move = (...names: string[]) =>
    call(here, 'MIGRATE', there.at.host, String(there.at.port), '', '0', '5000', 'KEYS', ...names);
  const [from, to] = (await Promise.all([here, there].map((node) => call(node, 'CLUSTER', 'MYID')))).map(String);
  await set(there, 'IMPORTING', String(from));
  await set(here, 'MIGRATING', String(to));
  await move(keys.lease, keys.record);
  return {
    async finish() {
      await move(keys.candidates);
      for (const node of [there, here]) await set(node, 'NODE', String(to));
    },
  };
}
