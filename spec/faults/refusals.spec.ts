import { describe } from '@jest/globals';
import { type Candidate, monotonic } from '../../proof/candidate.js';
import { LOGIN } from '../../proof/processes/leaks.js';
import {
  deadlineIgnored,
  givesUp,
  hashOnly,
  keepsClientErrors,
  noConflict,
  resignsAtOnce,
  standsByAnywhere,
  writesFirst,
} from '../../proof/variants.js';
import { until } from '../support/until.js';
import { type Arena, RECOVERY, TIMES } from './arena.js';
import { REPLICATED } from './replicas.js';
import { row } from './row.js';

const { ttl, timeout, wait, renewEvery } = TIMES;

interface Refusal {
  readonly name: string;
  readonly code: string;
  readonly begin: (arena: Arena) => Promise<unknown>;
  readonly end: (arena: Arena) => Promise<unknown>;
  readonly args?: string[];
  /** The candidates' login, if it is not the default user. */
  readonly username?: string;
}

const USER = { ...LOGIN, username: 'refused' };

/** Refusals of every write. */
const REFUSALS: readonly Refusal[] = [
  {
    name: 'READONLY',
    code: 'STORE_READONLY',
    begin: ({ admin }) => admin.sendCommand(['REPLICAOF', '127.0.0.1', '1']),
    end: ({ admin }) => admin.sendCommand(['REPLICAOF', 'NO', 'ONE']),
  },
  {
    name: 'NOREPLICAS',
    code: 'STORE_UNAVAILABLE',
    begin: ({ admin }) => admin.configSet({ 'min-replicas-to-write': '1' }),
    end: ({ admin }) => admin.configSet({ 'min-replicas-to-write': '0' }),
  },
  {
    name: 'MISCONF',
    code: 'STORE_UNAVAILABLE',
    // A required snapshot cannot be written there.
    args: ['--dir', '/proc'],
    begin: async ({ admin }) => {
      await admin.configSet({ save: '3600 1000000' });
      await admin.sendCommand(['SAVE']).catch(() => {});
      await admin.sendCommand(['BGSAVE']).catch(() => {});
    },
    end: ({ admin }) => admin.configSet({ save: '' }),
  },
  {
    name: 'NOPERM',
    code: 'STORE_DENIED',
    username: USER.username,
    begin: ({ admin }) => admin.aclSetUser(USER.username, ['-evalsha', '-eval']),
    end: ({ admin }) => admin.aclSetUser(USER.username, ['+evalsha', '+eval']),
  },
];

async function login({ admin }: Arena, { username }: Refusal): Promise<object> {
  if (username === undefined) return {};
  await admin.aclSetUser(USER.username, ['on', `>${USER.password}`, '~*', '&*', '+@all']);
  return USER;
}

describe('a server that refuses', () => {
  for (const refusal of REFUSALS) {
    const { name, code, begin, end, args = [] } = refusal;
    const refused = async (arena: Arena): Promise<[Candidate, Candidate]> => {
      const user = await login(arena, refusal);
      return arena.pair(user, user);
    };

    row(
      `${name} for longer than a lease ends the term in time, is told, and is over when it is over (G2, G5)`,
      { variant: givesUp, fails: /too late: no leader/ },
      async (arena) => {
        const [a, b] = await refused(arena);
        const since = monotonic();
        await begin(arena);
        const { at } = await a.says({ role: 'follower' });
        arena.within('follower', at - since, ttl);
        await a.says({ role: 'error', code });
        await b.says({ role: 'error', code });
        await b.goesOn(ttl / 2);
        await end(arena);
        await arena.recovers(monotonic(), [a, b]);
        await a.goesOn(renewEvery);
      },
      { args },
    );

    row(
      `${name} for less than a lease costs no leadership (G5)`,
      { variant: resignsAtOnce, fails: /not steady/ },
      async (arena) => {
        // Alone, so that the refused request is a renewal.
        const a = await arena.candidate('a', await login(arena, refusal));
        await a.says({ role: 'leader' });
        await arena.steady([a], async () => {
          await a.goesOn(renewEvery); // the preflight is over, which would be refused as well
          await begin(arena);
          await until(async () => (await arena.refusals(name)) > 0, { what: `a renewal to be refused with ${name}` });
          await end(arena);
          await a.goesOn(ttl);
        });
      },
      { args },
    );
  }

  row(
    'a master that is demoted and keeps its connections makes no follower: whoever stands there is told, also while another leads (G2, G5)',
    { variant: standsByAnywhere, fails: /b does not say {"role":"error"|says follower\/standby/ },
    async (arena) => {
      const [a, b] = await arena.pair();
      const replica = await arena.server(REPLICATED);
      const admin = await replica.client();
      const { redis } = arena;
      await admin.sendCommand(['REPLICAOF', redis.host, String(redis.port)]);
      await until(async () => /master_link_status:up/.test(await admin.info('replication')), { within: 10_000 });
      await admin.sendCommand(['REPLICAOF', 'NO', 'ONE']);
      await arena.admin.sendCommand(['REPLICAOF', replica.host, String(replica.port)]);
      const c = await arena.candidate('c', { to: replica });
      await c.says({ role: 'leader' });
      await a.says({ role: 'error', code: 'STORE_READONLY' });
      await b.says({ role: 'error', code: 'STORE_READONLY' });
      await arena.steady([a, b], () => c.goesOn(2 * ttl));
      const since = monotonic();
      await c.kill();
      await arena.admin.sendCommand(['REPLICAOF', 'NO', 'ONE']);
      await arena.recovers(since, [a, b], 2 * ttl + RECOVERY);
    },
    REPLICATED,
  );

  row(
    'OOM keeps no leader from renewing, and ends when there is memory again (G5)',
    { variant: writesFirst, fails: /not steady/ },
    async (arena) => {
      const [a, b] = await arena.pair();
      await arena.steady([a, b], async () => {
        await arena.admin.configSet({ maxmemory: '1' });
        await a.goesOn(2 * ttl);
      });
      await a.kill();
      await b.says({ role: 'error', code: 'STORE_FULL' });
      await arena.admin.configSet({ maxmemory: '0' });
      await arena.recovers(monotonic(), [b]);
    },
  );

  row(
    'LOADING for longer than a lease ends the term in time, is told, and is over when it is over (G2, G5)',
    { variant: givesUp, fails: /too late: no leader/ },
    async (arena) => {
      const dir = await arena.folder();
      const slow = ['--key-load-delay', '1500', '--loading-process-events-interval-bytes', '1024'];
      const server = await arena.server({ args: ['--dir', dir, ...slow] });
      const admin = await server.client();
      // Long leases, so that the server is loading before and after they end.
      const times = { to: server, ttl: 3 * ttl };
      const [a, b] = await arena.pair(times, times);
      await admin.eval(`for i = 1, ${4 * ttl} do redis.call('SET', 'filler' .. i, string.rep('x', 100)) end`);
      await admin.sendCommand(['SAVE']);
      const since = monotonic();
      await server.kill();
      const loaded = server.start();
      try {
        const { at } = await a.says({ role: 'follower' });
        arena.within('follower', at - since, times.ttl);
        await a.says({ role: 'error', code: 'STORE_LOADING' });
      } finally {
        await loaded;
      }
      // The server has a new run, so its record is not trusted, and is waited out.
      await arena.recovers(monotonic(), [a, b], times.ttl + TIMES.jitter + 2 * timeout);
    },
  );

  row('NOSCRIPT again and again costs nothing (G5)', { variant: hashOnly, fails: /not steady/ }, async (arena) => {
    const [a, b] = await arena.pair();
    await arena.steady([a, b], async () => {
      const end = monotonic() + 2 * ttl;
      while (monotonic() < end) await arena.admin.scriptFlush();
      await a.goesOn(wait);
    });
  });

  row(
    'NOAUTH after a reconnection ends the term in time, is told, and is over with a valid password (G2, G5)',
    { variant: deadlineIgnored, fails: /a does not say {"role":"follower"}/ },
    async (arena) => {
      const { admin } = arena;
      const user = await login(arena, REFUSALS.at(-1) as Refusal);
      const [a, b] = await arena.pair(user, user);
      // Without a default password, a client with a refused user would continue as the default
      // user: node-redis sends its queue anyway.
      await admin.configSet({ requirepass: USER.password });
      const since = monotonic();
      await admin.aclSetUser(USER.username, ['off']);
      await admin.sendCommand(['CLIENT', 'KILL', 'USER', USER.username]);
      const { at } = await a.says({ role: 'follower' });
      arena.within('follower', at - since, ttl);
      await a.says({ role: 'error', code: 'STORE_DENIED' });
      await b.says({ role: 'error', code: 'STORE_DENIED' });
      await b.goesOn(ttl / 2);
      await admin.aclSetUser(USER.username, ['on']);
      await arena.recovers(monotonic(), [a, b]);
    },
  );

  row(
    'WRONGPASS of a client that attaches the command is told without the password (G2, G5)',
    { variant: keepsClientErrors, fails: /stray: .*the password shows by inspect/ },
    async (arena) => {
      const { admin } = arena;
      const user = { ...(await login(arena, REFUSALS.at(-1) as Refusal)), library: 'ioredis' } as const;
      const a = await arena.candidate('a', user);
      await a.says({ role: 'leader' });
      await admin.aclSetUser(USER.username, ['resetpass', '>another']);
      await admin.sendCommand(['CLIENT', 'KILL', 'USER', USER.username]);
      await a.says({ role: 'error' });
      a.act('restand'); // its requests wait for a login from now on
      await a.says({ role: 'error', code: 'STORE_DENIED' });
      await admin.aclSetUser(USER.username, ['resetpass', `>${USER.password}`]);
      await arena.recovers(monotonic(), [a]);
    },
  );

  row(
    'WRONGTYPE mid-term ends the term at once, is told, and is over when the key is free (G2, G5)',
    { variant: noConflict, fails: /a does not say {"role":"follower","reason":"lost"}/ },
    async (arena) => {
      const [a, b] = await arena.pair();
      const { lease } = arena.keys;
      const since = monotonic();
      await arena.admin.multi().del(lease).rPush(lease, 'a list').exec();
      const { at } = await a.says({ role: 'follower', reason: 'lost' });
      arena.within('follower', at - since, renewEvery + timeout);
      await a.says({ role: 'error', code: 'KEY_CONFLICT' });
      await b.says({ role: 'error', code: 'KEY_CONFLICT' });
      await arena.admin.del(lease);
      await arena.recovers(monotonic(), [a, b]);
    },
  );
});
