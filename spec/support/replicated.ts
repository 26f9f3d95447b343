import { type Client, REPLICATES, type RedisServer, startRedis } from './redis.js';
import { until } from './until.js';

/** A master and its replica. */
export interface Replicated extends AsyncDisposable {
  readonly master: RedisServer;
  readonly replica: RedisServer;
  /** Of the master. */
  readonly admin: Client;
  /** Resolves once the replica has all data of the master. */
  caughtUp(): Promise<void>;
}

export async function startReplicated(): Promise<Replicated> {
  const master = await startRedis({ args: REPLICATES });
  const admin = await master.client();
  const replica = await startReplica(master);
  return {
    master,
    replica,
    admin,
    async caughtUp() {
      const has = async () => {
        await admin.set('mark', 'here');
        return Number(await admin.sendCommand(['WAIT', '1', '1000'])) === 1;
      };
      // Checked twice: the first success may come from the synchronisation, after which a master
      // can delay writes for a second.
      await until(async () => (await has()) && (await has()), {
        within: 15_000,
        what: 'the replica to have caught up',
      });
    },
    async [Symbol.asyncDispose]() {
      await replica[Symbol.asyncDispose]();
      await master[Symbol.asyncDispose]();
    },
  };
}

export const startReplica = ({ host, port }: RedisServer, args: readonly string[] = []): Promise<RedisServer> =>
  startRedis({ args: [...args, ...REPLICATES, '--replicaof', host, String(port)] });
