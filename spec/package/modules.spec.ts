import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis } from '../support/redis.js';
import { install, type Project } from './project.js';

let server: RedisServer;
let project: Project;

beforeAll(async () => {
  [server, project] = await Promise.all([startRedis(), install('plain')]);
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

const told = async (file: string) => JSON.parse(await project.run(file, [], { REDIS_URL: server.url }));

describe.each(['esm.mjs', 'cjs.cjs'])('plain Node, %s', (file) => {
  it('stands, leads, works, and has released its lease when it is closed; the process ends by itself', async () => {
    expect(await told(file)).toEqual({ roles: ['leader', 'follower'], held: 1, left: 0 });
  });
});

describe('both copies of the package in one process', () => {
  it('export the same, know the errors of each other, and share an election on one client', async () => {
    const { exports, ...rest } = await told('both.mjs');
    expect(rest).toEqual({
      copies: true,
      instance: false,
      recognised: [true, true],
      codes: ['INVALID_OPTION', 'INVALID_OPTION'],
      roles: ['leader', 'follower'],
    });
    expect(exports[0]).toEqual(exports[1].filter((name: string) => name !== '__esModule'));
    expect(exports[0]).toContain('elect');
  });
});
