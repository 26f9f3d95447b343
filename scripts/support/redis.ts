import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createClient, type RedisClientOptions } from 'redis';
import { RedisMemoryServer } from 'redis-memory-server';
import { guard, killAndWait } from './guard.js';

export interface RedisOptions {
  /** Arguments of redis-server, such as `['--replicaof', '127.0.0.1', '7001']`. */
  args?: string[];
  /** A port to insist on; a free one by default. */
  port?: number;
}

export type Client = ReturnType<typeof makeClient>;

const HOST = '127.0.0.1';

/**
 * The server that `scripts/redis-binary.mjs` settled on, and beside it the programs that came
 * along.
 */
export function redisProgram(name: 'redis-server' | 'redis-cli'): string {
  const record = path.resolve('node_modules/.cache/rx-leader/redis.json');
  let server: string;
  try {
    server = JSON.parse(readFileSync(record, 'utf8')).server;
  } catch (cause) {
    throw new Error('no redis-server settled yet: run `node scripts/redis-binary.mjs`', { cause });
  }
  if (name === 'redis-server') return server;
  return path.join(path.dirname(server), path.basename(server).replace('server', 'cli'));
}

/** A replica is to have what its master has at once, not five seconds later. */
export const REPLICATES = ['--repl-diskless-sync-delay', '0', '--repl-diskless-load', 'swapdb'];

/** What preflight warns of: leases may be thrown away. */
export const EVICTS = ['--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'];

/** Redis 6.2 gives its replicas a file otherwise, where the next server that starts finds it. */
const NOTHING_ON_DISK = ['--repl-diskless-sync', 'yes'];

/** Starts a Redis of the caller's own, bound to loopback, that keeps nothing on disk. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  for (let attempt = 1; ; attempt++) {
    const server = new RedisServer(options);
    try {
      await server.start();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      // Two processes at a time pick free ports without knowing of each other.
      const taken = String(error).includes('already in use');
      if (!taken || options.port !== undefined || attempt === 5) throw error;
    }
  }
}

/** A running Redis; disposal kills it and destroys the clients made by `client()`. */
export class RedisServer implements AsyncDisposable {
  readonly host = HOST;
  readonly #options: RedisOptions;
  readonly #memoryServer: RedisMemoryServer;
  readonly #clients = new Set<Client>();
  #process: ChildProcess | undefined;
  #port = 0;
  #paused = false;

  constructor(options: RedisOptions) {
    this.#options = options;
    this.#memoryServer = new RedisMemoryServer({
      instance: { ip: HOST, port: options.port ?? null, args: [...NOTHING_ON_DISK, ...(options.args ?? [])] },
      binary: { systemBinary: spawnable(redisProgram('redis-server')) },
    });
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `redis://${HOST}:${this.#port}`;
  }

  /** The pid of the running server. Throws while it is down. */
  get pid(): number {
    return this.#running().pid as number;
  }

  /** Starts it, again on the same port after a `stop` or a `kill`. */
  async start(): Promise<void> {
    const wanted = this.#port || this.#options.port;
    try {
      await this.#memoryServer.start();
    } catch (reason) {
      // redis-memory-server rejects with bare strings that do not include the arguments.
      throw new Error(
        `redis-server did not start (${String(reason)}), args ${JSON.stringify(this.#options.args ?? [])}`,
      );
    }
    const info = this.#memoryServer.getInstanceInfo();
    if (!info || info.childProcess === undefined) throw new Error('redis-memory-server started no process');
    this.#process = info.childProcess;
    guard(info.childProcess);
    // Where a port is taken, redis-memory-server takes another without a word.
    if (wanted !== undefined && info.port !== wanted) throw new Error(`port ${wanted} is already in use`);
    this.#port = info.port;
  }

  /** Shuts it down in good order. Nothing survives it: nothing was saved. */
  async stop(): Promise<void> {
    if (this.#process === undefined) return;
    this.resume(); // a stopped process does not react to being asked
    await this.#memoryServer.stop();
    this.#process = undefined;
  }

  /** SIGKILL: connections are reset, nothing is said. */
  async kill(): Promise<void> {
    if (this.#process === undefined) return;
    await killAndWait(this.#process);
    await this.stop(); // the process is gone; this ends redis-memory-server's own watcher
  }

  /** Comes back empty on the same port, after an orderly stop unless it is down already. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** SIGSTOP: connections stay open, and nobody answers. */
  pause(): void {
    this.#running().kill('SIGSTOP');
    this.#paused = true;
  }

  resume(): void {
    if (this.#paused) this.#process?.kill('SIGCONT');
    this.#paused = false;
  }

  /** A connected node-redis client with an `error` listener, destroyed with the server. */
  async client(options: RedisClientOptions = {}): Promise<Client> {
    // By default it waits for up to two seconds, and would still do so after it was destroyed.
    const socket = { reconnectStrategy: 50, ...options.socket };
    const client = makeClient({ url: this.url, ...options, socket });
    client.on('error', () => {}); // without a listener a client's error ends the process
    this.#clients.add(client);
    await client.connect();
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) if (client.isOpen) client.destroy();
    this.#clients.clear();
    // Killed, not asked: a server whose replicas lag takes ten seconds to stop.
    await this.kill();
  }

  #running(): ChildProcess {
    if (this.#process === undefined) throw new Error('this redis-server is down');
    return this.#process;
  }
}

function makeClient(options: RedisClientOptions) {
  return createClient(options);
}

/** redis-memory-server cannot start a path with a space in it; seen from here there may be none. */
function spawnable(binary: string): string {
  return binary.includes(' ') ? `.${path.sep}${path.relative(process.cwd(), binary)}` : binary;
}
