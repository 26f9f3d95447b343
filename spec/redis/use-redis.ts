import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { type Client, type RedisServer, startRedis } from '../support/redis.js';

/** A Redis for the specs of one file, emptied before each spec, and a client. */
export interface UsedRedis {
  readonly server: RedisServer;
  readonly client: Client;
}

export function useRedis(...args: string[]): UsedRedis {
  let server: RedisServer;
  let client: Client;
  beforeAll(async () => {
    server = await startRedis({ args });
    client = await server.client();
  });
  beforeEach(async () => {
    await client.flushAll();
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });
  return {
    get server() {
      return server;
    },
    get client() {
      return client;
    },
  };
}
