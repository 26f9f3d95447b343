import { createServer, connect as dial, type Server, type Socket } from 'node:net';
import { Pipe } from './pipe.js';

export type Direction = 'toServer' | 'toClient';

const BOTH: readonly Direction[] = ['toServer', 'toClient'];

export interface ProxyTarget {
  host: string;
  port: number;
}

/** Starts a TCP proxy on loopback that passes everything on until it is told otherwise. */
export async function startProxy({ target }: { target: ProxyTarget }): Promise<TcpProxy> {
  const proxy = new TcpProxy(target);
  await proxy.listen();
  return proxy;
}

/**
 * A network that can be made bad on purpose, one direction at a time. What it is told holds for
 * open connections and for those to come, until the opposite is said.
 */
export class TcpProxy implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly #target: ProxyTarget;
  readonly #connections = new Set<Connection>();
  readonly #delays: Record<Direction, number> = { toServer: 0, toClient: 0 };
  readonly #swallowed = new Set<Direction>();
  #parted: ReadonlySet<string> = new Set();
  #server: Server | undefined;
  #port = 0;
  #accepted = 0;

  constructor(target: ProxyTarget) {
    this.#target = target;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `redis://${this.host}:${this.#port}`;
  }

  /** Connections open now. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Connections accepted since the start. */
  get accepted(): number {
    return this.#accepted;
  }

  /**
   * Passes bytes on only `ms` after they came, in order; 0 ends it. The end of a connection is
   * delayed as well.
   */
  delay(ms: number, direction?: Direction): void {
    for (const one of direction ? [direction] : BOTH) {
      this.#delays[one] = ms;
      for (const connection of this.#connections) connection[one].delay(ms);
    }
  }

  /**
   * Keeps connections open and passes nothing on, not even their end: a half-open connection. The
   * bytes are kept; `heal` decides what becomes of them. New connections are still accepted, into
   * the same silence.
   */
  swallow(direction?: Direction): void {
    for (const one of direction ? [direction] : BOTH) {
      this.#swallowed.add(one);
      for (const connection of this.#connections) connection[one].hold();
    }
  }

  /**
   * Swallows data in both directions between the server and clients that connect from one of these
   * addresses.
   */
  part(sources: Iterable<string>): void {
    this.#parted = new Set(sources);
    for (const connection of this.#connections) {
      if (this.#parted.has(connection.source)) for (const one of BOTH) connection[one].hold();
    }
  }

  /**
   * Ends every `delay`, `swallow` and `part`. Delayed data arrives now.
   *
   * With `release`, swallowed data arrives too, as after a short network failure. With `drop`, it
   * is lost, and each connection with missing bytes closes.
   */
  heal({ held = 'release' }: { held?: 'release' | 'drop' } = {}): void {
    this.delay(0);
    this.#swallowed.clear();
    this.#parted = new Set();
    for (const connection of [...this.#connections]) {
      const lost = BOTH.filter((one) => connection[one].holds);
      if (held === 'drop' && lost.length > 0) connection.destroy();
      else for (const one of BOTH) connection[one].release();
    }
  }

  /**
   * Ends every open connection by a reset; what was under way in it is lost. New ones are welcome.
   */
  cut(): void {
    for (const connection of [...this.#connections]) connection.destroy();
  }

  /** Ends every connection and refuses new ones (ECONNREFUSED). */
  async refuse(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = server && new Promise<void>((resolve) => server.close(() => resolve()));
    this.cut();
    await closed;
  }

  /** Accepts connections again, on the same port. */
  async accept(): Promise<void> {
    if (this.#server === undefined) await this.listen();
  }

  async listen(): Promise<void> {
    // Half-open sockets let the end of one side pass through the pipe in order, like its bytes.
    const server = createServer({ allowHalfOpen: true }, (client) => this.#connect(client));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, this.host, resolve);
    });
    this.#server = server;
    this.#port = (server.address() as { port: number }).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.refuse();
  }

  #connect(client: Socket): void {
    const { host, port } = this.#target; // by name: a RedisServer has them as getters, which a spread leaves out
    const connection = new Connection(client, dial({ host, port, allowHalfOpen: true }));
    this.#accepted++;
    this.#connections.add(connection);
    connection.onClosed = () => this.#connections.delete(connection);
    for (const one of BOTH) {
      connection[one].delay(this.#delays[one]);
      if (this.#swallowed.has(one) || this.#parted.has(connection.source)) connection[one].hold();
    }
  }
}

/** Two sockets and the two pipes between them; over when both sockets are. */
class Connection {
  readonly toServer: Pipe;
  readonly toClient: Pipe;
  /** The address that was dialled from. */
  readonly source: string;
  onClosed: () => void = () => {};
  readonly #sockets: readonly [Socket, Socket];

  constructor(client: Socket, server: Socket) {
    this.#sockets = [client, server];
    this.source = client.remoteAddress ?? '';
    this.toServer = new Pipe(client, server);
    this.toClient = new Pipe(server, client);
    for (const socket of this.#sockets) {
      socket.setNoDelay(true);
      socket.on('close', () => {
        if (this.#sockets.every(({ destroyed }) => destroyed)) this.#close();
      });
    }
  }

  destroy(): void {
    for (const socket of this.#sockets) canReset(socket) ? socket.resetAndDestroy() : socket.destroy();
    this.#close();
  }

  #close(): void {
    this.toServer.drop();
    this.toClient.drop();
    this.onClosed();
  }
}

/**
 * A socket that still connects has nobody to send a reset to. One whose end is just being sent
 * refuses the reset, and Node (20) then takes it for closed although it is not: its descriptor
 * stays open, and the process never exits.
 */
function canReset({ connecting, writableEnded, writableFinished }: Socket): boolean {
  return !connecting && writableEnded === writableFinished;
}
