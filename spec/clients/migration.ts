import { keysOf } from '../../lib/redis/keys.js';
import { type Migration, moveSlot } from '../../proof/failover/migration.js';
import type { Servers } from './servers.js';

/** Starts to move the slot of the election `key`: its lease and record, but not its candidates. */
export async function beginMigration({ nodes }: Servers, key: string): Promise<Migration> {
  const keys = keysOf(key);
  const known = await Promise.all(
    nodes.map(async (server) => {
      const admin = await server.client();
      return { at: server, admin, isMaster: (await admin.info('replication')).includes('role:master') };
    }),
  );
  const masters = known.filter(({ isMaster }) => isMaster);
  const owns = await Promise.all(masters.map(({ admin }) => admin.exists(keys.lease).catch(() => 0)));
  const owner = masters[owns.indexOf(1)];
  const another = masters.find((node) => node !== owner);
  if (!owner || !another) throw new Error('no master has the lease, or no other could');
  const slot = Number(await owner.admin.sendCommand(['CLUSTER', 'KEYSLOT', keys.lease]));
  return moveSlot({ slot, owner, another }, keys);
}
