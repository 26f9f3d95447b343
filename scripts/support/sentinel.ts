import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createClient } from 'redis';
import { guard, killAndWait } from './guard.js';
import { redisProgram } from './redis.js';
import { until } from './until.js';

const HOST = '127.0.0.1';

export interface Sentinel extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Whether it knows the replicas and two more sentinels. */
  knows(): Promise<boolean>;
  /** The master's port. */
  master(): Promise<string>;
  failOver(): Promise<unknown>;
}

export interface SentinelOptions {
  /** How many the master has, 1 by default. */
  readonly replicas?: number;
  /** ms without an answer after which it takes the master for dead, 1 000 by default. */
  readonly downAfter?: number;
  /** The address that it dials from, if not its host's. */
  readonly source?: string;
}

/** Starts a sentinel that watches `master`, and agrees with one other about its state. */
export async function startSentinel(
  name: string,
  master: { readonly host: string; readonly port: number },
  { replicas = 1, downAfter = 1_000, source }: SentinelOptions = {},
): Promise<Sentinel> {
  const dir = await mkdtemp(path.join(tmpdir(), 'rx-leader-'));
  const port = await freePort();
  const lines = [
    `port ${port}`,
    `bind ${HOST}`,
    ...(source === undefined ? [] : [`bind-source-addr ${source}`, `sentinel announce-ip ${HOST}`]),
    `dir ${dir}`,
    `sentinel monitor ${name} ${master.host} ${master.port} 2`,
    `sentinel down-after-milliseconds ${name} ${downAfter}`,
    `sentinel failover-timeout ${name} 3000`,
  ];
  const file = path.join(dir, 'sentinel.conf');
  await writeFile(file, `${lines.join('\n')}\n`);
  const child: ChildProcess = spawn(redisProgram('redis-server'), [file, '--sentinel'], { stdio: 'ignore' });
  guard(child);
  const client = createClient({ socket: { host: HOST, port, reconnectStrategy: 50 }, RESP: 2 as 3 });
  client.on('error', () => {});
  await client.connect();
  const ask = (...args: string[]): Promise<unknown> => client.sendCommand(['SENTINEL', ...args]);
  const count = async (kind: string) => ((await ask(kind, name)) as unknown[]).length;
  await until(() => ask('MASTER', name));
  return {
    host: HOST,
    port,
    knows: async () => (await count('REPLICAS')) === replicas && (await count('SENTINELS')) === 2,
    master: async () => String(((await ask('GET-MASTER-ADDR-BY-NAME', name)) as string[])[1]),
    failOver: () => ask('FAILOVER', name),
    async [Symbol.asyncDispose]() {
      client.destroy();
      await killAndWait(child);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** A port that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, HOST, resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
