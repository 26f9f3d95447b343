import { connect, type Socket } from 'node:net';

/** Requests, and the commands that scripts gave while they were carried out. */
export interface Count {
  readonly requests: number;
  readonly inScripts: number;
}

/**
 * Counts what Redis is asked, by its MONITOR: the only one of its counters that tells a client's
 * requests from a script's commands, and one database's from another's.
 */
export class Monitor implements Disposable {
  readonly #socket: Socket;
  #rest = '';
  #lines: string[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.setEncoding('latin1').on('data', (text: unknown) => {
      const lines = `${this.#rest}${text}`.split('\r\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) this.#lines.push(line);
    });
  }

  static async open(host: string, port: number): Promise<Monitor> {
    const socket = connect({ host, port });
    const monitor = new Monitor(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.once('data', () => resolve()); // the OK
      socket.write('MONITOR\r\n');
    });
    return monitor;
  }

  /** Forgets what was counted. */
  clear(): void {
    this.#lines = [];
  }

  /** Of `database` since the last `clear`, and of one lease where that is given. */
  count(database: number, lease = ''): Count {
    return countLines(this.#lines, database, lease);
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}

/**
 * A line is `+1700000000.123456 [3 127.0.0.1:50000] "get" "key"`, with `lua` instead of the
 * address for a script's command.
 */
export function countLines(lines: readonly string[], database: number, lease = ''): Count {
  let requests = 0;
  let inScripts = 0;
  for (const line of lines) {
    const [, source, client] = /^\+[\d.]+ \[(\d+) ([^\]]+)\] /.exec(line) ?? [];
    if (source !== String(database) || !line.includes(lease)) continue;
    if (client === 'lua') inScripts++;
    else requests++;
  }
  return { requests, inScripts };
}
