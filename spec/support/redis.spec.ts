import { connect, type Socket } from 'node:net';
import { describe, expect, it, jest } from '@jest/globals';
import { startRedis } from './redis.js';
import { until } from './until.js';

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Uses a plain socket, because a client would wait, retry or reconnect. */
function ping({ port, host }: { port: number; host: string }): { socket: Socket; answer: () => string } {
  const socket = connect(port, host);
  let text = '';
  socket.setEncoding('utf8').on('data', (more) => {
    text += more;
  });
  socket.on('error', () => {}); // a reset is expected from a killed server
  socket.write('PING\r\n');
  return { socket, answer: () => text };
}

describe('startRedis', () => {
  it('answers on loopback, keeps nothing on disk, and is gone after disposal', async () => {
    let pid: number;
    {
      await using redis = await startRedis();
      pid = redis.pid;
      const client = await redis.client();
      expect(await client.ping()).toBe('PONG');
      expect(await client.configGet('bind')).toMatchObject({ bind: '127.0.0.1' });
      expect(await client.configGet('save')).toMatchObject({ save: '' });
      expect(await client.configGet('appendonly')).toMatchObject({ appendonly: 'no' });
      expect(alive(pid)).toBe(true);
    }
    expect(alive(pid)).toBe(false);
  });

  it('passes arguments on, and rejects with them when the server refuses them', async () => {
    await using redis = await startRedis({ args: ['--maxmemory', '7mb'] });
    const client = await redis.client();
    expect(await client.configGet('maxmemory')).toMatchObject({ maxmemory: String(7 * 1024 * 1024) });
    // Redis-memory-server warns in addition to its rejection.
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    await expect(startRedis({ args: ['--no-such-option', 'x'] })).rejects.toThrow('--no-such-option');
    warn.mockRestore();
  });

  it('uses exactly the given port', async () => {
    await using first = await startRedis();
    await expect(startRedis({ port: first.port })).rejects.toThrow(`${first.port} is already in use`);
  });

  it.each(['stop', 'kill'] as const)('restarts empty on the same port after %s', async (how) => {
    await using redis = await startRedis();
    const { port, pid } = redis;
    const before = await redis.client();
    await before.set('k', 'v');
    await redis[how]();
    expect(alive(pid)).toBe(false);
    expect(() => redis.pid).toThrow('down');

    await redis.restart();
    expect(redis.port).toBe(port);
    expect(redis.pid).not.toBe(pid);
    const after = await redis.client();
    expect(await after.get('k')).toBeNull();
  });

  it('does not answer while paused, and answers earlier requests when resumed', async () => {
    await using redis = await startRedis();
    redis.pause();
    const { socket, answer } = ping(redis);
    await expect(until(answer, { within: 200 })).rejects.toThrow();
    redis.resume();
    expect(await until(answer)).toBe('+PONG\r\n');
    socket.destroy();
  });

  it('dies without another message when killed', async () => {
    await using redis = await startRedis();
    redis.pause();
    const { socket, answer } = ping(redis);
    await until(() => !socket.connecting && socket.bytesWritten > 0);
    await redis.kill();
    await until(() => socket.destroyed);
    expect(answer()).toBe('');
  });

  it('stops and disposes of a paused server without delay', async () => {
    // redis-memory-server warns ten seconds later, when it kills a process that does not stop by
    // itself.
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
    await using redis = await startRedis();
    redis.pause();
    await redis.stop();
    await redis.restart();
    redis.pause();
    await redis[Symbol.asyncDispose]();
    expect(warn.mock.calls).toEqual([]);
    warn.mockRestore();
  });
});
