import { REPLICATES } from '../support/redis.js';
import { until } from '../support/until.js';
import type { Arena } from './arena.js';

export const REPLICATED = { args: REPLICATES };

/** A replica of the arena's server, and an address that always leads to the current master. */
export async function replicated(arena: Arena) {
  const { redis } = arena;
  const replica = await arena.server(REPLICATED);
  const admin = await replica.client();
  await arena.loadScripts(admin);
  const target = { host: redis.host, port: redis.port };
  const master = await arena.proxy(target);
  const detach = () => admin.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
  const follow = async (on: boolean) => {
    if (!on) {
      await until(async () => (await admin.exists([arena.keys.lease, arena.keys.record])) === 2, {
        what: 'the replica to have lease and record',
      });
      await detach();
      return;
    }
    await admin.sendCommand(['REPLICAOF', redis.host, String(redis.port)]);
    await until(async () => /master_link_status:up/.test(await admin.info('replication')));
  };
  await follow(true);
  return {
    master,
    follow,
    /** Cuts the replica off from the master's writes. */
    detach,
    /** The master dies, and the replica takes its place. */
    async failOver() {
      await redis.kill();
      await admin.sendCommand(['REPLICAOF', 'NO', 'ONE']);
      target.port = replica.port;
    },
    /**
     * The replica takes its place while the master continues. `heal` makes the old master a replica
     * of the new one.
     */
    async split() {
      await until(async () => (await admin.exists([arena.keys.lease, arena.keys.record])) === 2, {
        what: 'the replica to have lease and record',
      });
      await admin.sendCommand(['REPLICAOF', 'NO', 'ONE']);
      target.port = replica.port;
      master.cut();
      return { heal: () => arena.admin.sendCommand(['REPLICAOF', replica.host, String(replica.port)]) };
    },
  };
}
