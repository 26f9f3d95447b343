import { type Client, type RedisServer, startRedis } from '../../scripts/support/redis.js';
import { until } from '../../scripts/support/until.js';

interface Node {
  readonly server: RedisServer;
  /**
   * A connection without faults. It refuses at once what it cannot send, so that no fault begins
   * later than recorded.
   */
  readonly admin: Client;
}

// The replica receives changes at once, not five seconds later.
const ARGS = [
  ...['--repl-diskless-sync', 'yes', '--repl-diskless-sync-delay', '0', '--repl-diskless-load', 'swapdb'],
  ...['--enable-debug-command', 'yes'],
];

/**
 * How often a server is started before its port is taken for lost: another process may have it for
 * a moment.
 */
const ATTEMPTS = 5;

/** A master and its replica. What connects to `target` reaches whichever is the master. */
export class Servers implements AsyncDisposable {
  readonly target = { host: '', port: 0 };
  #master: Node;
  #replica: Node;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(master: Node, replica: Node) {
    this.#master = master;
    this.#replica = replica;
    this.#retarget();
  }

  static async open(): Promise<Servers> {
    const nodes = await Promise.all([node(), node()]);
    const servers = new Servers(...nodes);
    try {
      await servers.follow();
      return servers;
    } catch (error) {
      await servers[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The master's. */
  get admin(): Client {
    return this.#master.admin;
  }

  get master(): RedisServer {
    return this.#master.server;
  }

  /** Runs one fault at a time: the end of one would also end another. */
  async oneAtATime(what: () => Promise<unknown>): Promise<void> {
    const turn = this.#turn.then(what);
    this.#turn = turn.catch(() => {});
    await turn;
  }

  /** Starts the master again, empty. */
  async restart(): Promise<void> {
    await restartNode(this.#master);
  }

  /** Cuts the replica off from the master's changes from now on. */
  async detach(): Promise<void> {
    await this.#replica.admin.sendCommand(['REPLICAOF', this.master.host, '1']);
  }

  /** The replica takes the place of the master, which has been killed. */
  async promote(): Promise<void> {
    await this.#replica.admin.sendCommand(['REPLICAOF', 'NO', 'ONE']);
    [this.#master, this.#replica] = [this.#replica, this.#master];
    this.#retarget();
  }

  /**
   * Starts the replica again, which was the master once and has been killed, and lets it follow.
   */
  async rejoin(): Promise<void> {
    await restartNode(this.#replica);
    await this.follow();
  }

  async follow(): Promise<void> {
    const { host, port } = this.master;
    await this.#replica.admin.sendCommand(['REPLICAOF', host, String(port)]);
    const linked = async () => /master_link_status:up/.test(await this.#replica.admin.info('replication'));
    await until(linked, { what: 'the replica to follow' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#master, this.#replica].map(({ server }) => server[Symbol.asyncDispose]()));
  }

  #retarget(): void {
    const { host, port } = this.master;
    Object.assign(this.target, { host, port });
  }
}

async function node(): Promise<Node> {
  const server = await startRedis({ args: ARGS });
  try {
    const admin = await server.client({ socket: { reconnectStrategy: 20 }, disableOfflineQueue: true });
    return { server, admin };
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

async function restartNode({ server, admin }: Node): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await server.start();
      break;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
  await until(() => admin.isReady, { what: 'the restarted server to be reached' });
}
