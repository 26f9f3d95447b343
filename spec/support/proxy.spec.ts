import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { startProxy, type TcpProxy } from './proxy.js';
import { openResources } from './resources.js';
import { until } from './until.js';

/** What one end of a connection has received. */
class End {
  received = '';
  ended = false;
  error = '';

  constructor(readonly socket: Socket) {
    socket.setEncoding('utf8').on('data', (text) => {
      this.received += text;
    });
    socket.on('end', () => {
      this.ended = true;
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.error = error.code ?? error.message;
    });
  }
}

/** A server that never answers by itself, so that either direction can be watched alone. */
class SilentServer {
  readonly ends: End[] = [];
  readonly #server = createServer({ allowHalfOpen: true }, (socket) => this.ends.push(new End(socket)));

  async listen(): Promise<{ host: string; port: number }> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return { host: '127.0.0.1', port: (this.#server.address() as { port: number }).port };
  }

  async close(): Promise<void> {
    for (const { socket } of this.ends) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Long enough for loopback to have forwarded everything. */
const SOON = 60;

let server: SilentServer;
let proxy: TcpProxy;
const clients: Socket[] = [];

beforeEach(async () => {
  server = new SilentServer();
  proxy = await startProxy({ target: await server.listen() });
});

afterEach(async () => {
  jest.useRealTimers();
  for (const socket of clients.splice(0)) socket.destroy();
  await proxy[Symbol.asyncDispose]();
  await server.close();
});

function dial(): Socket {
  const socket = connect({ port: proxy.port, host: proxy.host, allowHalfOpen: true });
  clients.push(socket);
  return socket;
}

/** A connection through the proxy, seen from both ends. */
async function open(): Promise<{ near: End; far: End }> {
  const before = server.ends.length;
  const near = new End(dial());
  const far = await until(() => server.ends[before]);
  return { near, far };
}

async function stays(condition: () => boolean): Promise<void> {
  const broken = until(() => !condition(), { within: SOON }).then(
    () => true,
    () => false,
  );
  expect(await broken).toBe(false);
}

describe('startProxy', () => {
  it('forwards bytes and ends, both ways, and counts connections', async () => {
    const { near, far } = await open();
    near.socket.write('ask');
    await until(() => far.received === 'ask');
    far.socket.write('answer');
    await until(() => near.received === 'answer');
    expect([proxy.connections, proxy.accepted]).toEqual([1, 1]);

    near.socket.end();
    await until(() => far.ended);
    expect(near.ended).toBe(false); // the other direction is still open
    far.socket.end();
    await until(() => near.ended && proxy.connections === 0);
    expect(proxy.accepted).toBe(1);
  });

  it.each([
    ['toServer', 'far', 'near'],
    ['toClient', 'near', 'far'],
  ] as const)('swallows %s only, and releases what it held when healed', async (direction, silent, heard) => {
    const { near, far } = await open();
    proxy.swallow(direction);
    near.socket.write('ask');
    far.socket.write('answer');
    const ends = { near, far };
    await until(() => ends[heard].received !== '');
    await stays(() => ends[silent].received === '');
    proxy.heal({ held: 'release' });
    await until(() => near.received === 'answer' && far.received === 'ask');
  });

  it('also swallows the end of a connection, so that the other side does not learn of it', async () => {
    const { near, far } = await open();
    proxy.swallow('toServer');
    near.socket.write('last words');
    near.socket.destroy();
    await stays(() => !far.ended && far.received === '');
    proxy.heal();
    await until(() => far.ended);
    expect(far.received).toBe('last words'); // a request outlives the client that sent it
  });

  it('swallows on connections made meanwhile, and on none made after it is healed', async () => {
    proxy.swallow('toClient');
    const during = await open();
    during.near.socket.write('ask');
    await until(() => during.far.received === 'ask');
    during.far.socket.write('answer');
    await stays(() => during.near.received === '');
    proxy.heal();
    const after = await open();
    after.far.socket.write('answer');
    await until(() => after.near.received === 'answer');
  });

  it('separates the server, both ways, only from clients with certain addresses', async () => {
    const before = await open();
    proxy.part(['127.0.0.2', '127.0.0.1']);
    const during = await open();
    for (const { near, far } of [before, during]) {
      near.socket.write('ask');
      far.socket.write('answer');
    }
    await stays(() => [before, during].every(({ near, far }) => near.received + far.received === ''));
    proxy.part(['127.0.0.2']);
    const other = await open();
    other.near.socket.write('ask');
    await until(() => other.far.received === 'ask');
    proxy.heal();
    await until(() => [before, during].every(({ near, far }) => near.received === 'answer' && far.received === 'ask'));
  });

  it('delays on connections made meanwhile, and on none made after it is healed', async () => {
    proxy.delay(60_000, 'toServer');
    const during = await open();
    during.near.socket.write('ask');
    await stays(() => during.far.received === '');
    proxy.heal();
    const after = await open();
    after.near.socket.write('ask');
    await until(() => during.far.received === 'ask' && after.far.received === 'ask');
  });

  it('drops what it held, and resets only the connections that lost data', async () => {
    const lossy = await open();
    const idle = await open();
    proxy.swallow('toClient');
    lossy.far.socket.write('answer');
    idle.near.socket.write('ask');
    await until(() => idle.far.received === 'ask');
    await stays(() => lossy.near.received === '');
    proxy.heal({ held: 'drop' });
    await until(() => lossy.near.error === 'ECONNRESET');
    expect(lossy.near.received).toBe('');
    idle.far.socket.write('answer');
    await until(() => idle.near.received === 'answer');
  });

  it('delays one direction by the given time, in order, and forwards delayed data when healed', async () => {
    const { near, far } = await open();
    proxy.delay(20 * SOON, 'toServer');
    const start = performance.now();
    near.socket.write('one ');
    far.socket.write('answer');
    await until(() => near.received === 'answer');
    expect(far.received).toBe(''); // if it were delayed as well, the answer would not be earlier
    await until(() => far.received === 'one ');
    expect(performance.now() - start).toBeGreaterThanOrEqual(20 * SOON - 5);

    proxy.delay(60_000, 'toServer');
    near.socket.write('two ');
    await stays(() => far.received === 'one ');
    proxy.heal();
    near.socket.write('three');
    await until(() => far.received === 'one two three');
  });

  it('delays both directions by default, in real time also under fake timers', async () => {
    const { near, far } = await open();
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    proxy.delay(20 * SOON);
    near.socket.write('ask');
    far.socket.write('answer');
    await stays(() => near.received === '' && far.received === '');
    await until(() => near.received === 'answer' && far.received === 'ask');
  });

  it('cuts open connections at both ends and accepts new ones', async () => {
    const { near, far } = await open();
    proxy.cut();
    await until(() => near.error === 'ECONNRESET' && far.error === 'ECONNRESET');
    expect(proxy.connections).toBe(0);
    const next = await open();
    next.near.socket.write('ask');
    await until(() => next.far.received === 'ask');
  });

  it('cuts a connection that is just ending, and leaves no socket of it behind', async () => {
    const sockets = () => openResources('TCPSocketWrap');
    const before = sockets();
    const { near, far } = await open();
    proxy.swallow('toServer');
    near.socket.end();
    await stays(() => !far.ended);
    proxy.heal();
    proxy.cut();
    await until(() => near.error === 'ECONNRESET' && (far.ended || far.error));
    far.socket.destroy();
    await until(() => sockets() <= before);
  });

  it('refuses connections until it accepts them again, on the same port', async () => {
    const { near } = await open();
    const { port } = proxy;
    await proxy.refuse();
    await until(() => near.error === 'ECONNRESET');
    const refused = new End(dial());
    await until(() => refused.error === 'ECONNREFUSED');
    await proxy.accept();
    expect(proxy.port).toBe(port);
    await open();
    expect(proxy.connections).toBe(1);
  });

  it('ends the client connection when the server cannot be reached', async () => {
    await server.close();
    const near = new End(dial());
    await until(() => near.ended || near.error);
    near.socket.destroy();
    await until(() => proxy.connections === 0);
  });
});
