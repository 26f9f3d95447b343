import { keysOf } from '../../lib/store/redis/keys.js';
import type { Client, RedisServer } from '../support/redis.js';
import type { Servers } from './servers.js';

interface Node {
  readonly server: RedisServer;
  readonly admin: Client;
  readonly id: string;
}

/** The move of an election's slot to another master, as far as it has come. */
export interface Migration {
  /** Moves what was left behind, and gives the slot to the other. */
  finish(): Promise<void>;
}

/** Begins to move the slot of the election `key`: its lease and record, but not its candidates. */
export async function beginMigration({ nodes }: Servers, key: string): Promise<Migration> {
  const { lease, record, candidates } = keysOf(key);
  const known = await Promise.all(nodes.map(describe));
  const masters = known.flatMap((node) => (node.isMaster ? [node] : []));
  const slot = Number(await masters[0]?.admin.sendCommand(['CLUSTER', 'KEYSLOT', lease]));
  const owns = await Promise.all(masters.map(({ admin }) => admin.exists(lease).catch(() => 0)));
  const here = masters[owns.indexOf(1)] as Node;
  const there = masters.find((node) => node !== here) as Node;
  const set = (node: Node, ...args: string[]) => node.admin.sendCommand(['CLUSTER', 'SETSLOT', String(slot), ...args]);
  const move = (...keys: string[]) => {
    const { host, port } = there.server;
    return here.admin.sendCommand(['MIGRATE', host, String(port), '', '0', '5000', 'KEYS', ...keys]);
  };
  await set(there, 'IMPORTING', here.id);
  await set(here, 'MIGRATING', there.id);
  await move(lease, record);
  return {
    async finish() {
      await move(candidates);
      for (const node of [there, here]) await set(node, 'NODE', there.id);
    },
  };
}

async function describe(server: RedisServer): Promise<Node & { readonly isMaster: boolean }> {
  const admin = await server.client();
  const id = String(await admin.sendCommand(['CLUSTER', 'MYID']));
  return { server, admin, id, isMaster: (await admin.info('replication')).includes('role:master') };
}
