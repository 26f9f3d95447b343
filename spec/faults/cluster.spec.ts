import { describe } from '@jest/globals';
import { monotonic } from '../../proof/candidate.js';
import { asksNoSlot, hashOnly } from '../../proof/variants.js';
import type { Client, RedisServer } from '../support/redis.js';
import { until } from '../support/until.js';
import { type Arena, TIMES } from './arena.js';
import { row } from './row.js';

const { ttl } = TIMES;

const SLOTS = 16_384;

describe('a cluster that moves the election', () => {
  row(
    'ASK while its slot is moved, and MOVED afterwards, cost no leadership (G1, G5)',
    { variant: hashOnly, fails: /not steady/ },
    async (arena) => {
      const [here, there] = await twoNodes(arena);
      const clustered = { topology: 'cluster', to: here.server } as const;
      const [a, b] = await arena.pair(clustered, clustered);
      const { lease, record, candidates } = arena.keys;
      const slot = String(await here.call('CLUSTER', 'KEYSLOT', lease));
      await arena.steady([a, b], async () => {
        await there.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', here.id);
        await here.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', there.id);
        const target = [there.server.host, String(there.server.port)];
        await here.call('MIGRATE', ...target, '', '0', '5000', 'KEYS', lease, record, candidates);
        await a.goesOn(ttl / 2); // ASK
        await there.call('CLUSTER', 'SETSLOT', slot, 'NODE', there.id);
        await here.call('CLUSTER', 'SETSLOT', slot, 'NODE', there.id);
        await a.goesOn(1.5 * ttl); // MOVED, once
      });
      const since = monotonic();
      await a.close();
      // The record of another server run is not trusted, even a release: its lease is waited out.
      await arena.recovers(since, [b]);
    },
  );

  row(
    'a slot that is left MIGRATING after the lease ran out has no leader until the move ends, and every client says so (G5)',
    { variant: asksNoSlot, fails: /b does not say/ },
    async (arena) => {
      const [here, there] = await twoNodes(arena);
      const clustered = { topology: 'cluster', to: here.server } as const;
      const [a, b] = await arena.pair(clustered, { ...clustered, library: 'ioredis' });
      const slot = String(await here.call('CLUSTER', 'KEYSLOT', arena.keys.lease));
      await there.call('CLUSTER', 'SETSLOT', slot, 'IMPORTING', here.id);
      await here.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', there.id);
      await here.call('DEL', arena.keys.lease); // as if it had expired
      for (const one of [a, b]) {
        const { message = '' } = await one.says({ role: 'error', code: 'STORE_UNAVAILABLE' });
        if (!message.includes(`Slot ${slot}`) || !message.includes('--cluster fix')) throw new Error(message);
      }
      await arena.steady([a, b], () => a.goesOn(2 * ttl));
      await here.call('CLUSTER', 'SETSLOT', slot, 'STABLE');
      await there.call('CLUSTER', 'SETSLOT', slot, 'STABLE');
      await arena.recovers(monotonic(), [a, b]);
    },
  );
});

interface Node {
  readonly server: RedisServer;
  readonly client: Client;
  readonly id: string;
  call(...args: string[]): Promise<unknown>;
}

/**
 * A cluster whose first node has all slots but one, because clients ignore a node without slots.
 */
async function twoNodes(arena: Arena): Promise<[Node, Node]> {
  const [here, there] = [await node(arena), await node(arena)];
  const other = (Number(await here.call('CLUSTER', 'KEYSLOT', arena.keys.lease)) + 1) % SLOTS;
  const slots = Array.from({ length: SLOTS }, (_, slot) => slot).filter((slot) => slot !== other);
  await arena.loadScripts(here.client); // and not there, where the election is moved to
  await here.call('CLUSTER', 'ADDSLOTS', ...slots.map(String));
  await there.call('CLUSTER', 'ADDSLOTS', String(other));
  await here.call('CLUSTER', 'MEET', there.server.host, String(there.server.port));
  for (const { call } of [here, there]) {
    const ready = async () =>
      /cluster_state:ok[\s\S]*cluster_known_nodes:2/.test(String(await call('CLUSTER', 'INFO')));
    await until(ready, { within: 10_000, what: 'the cluster to be ready' });
  }
  return [here, there];
}

async function node(arena: Arena): Promise<Node> {
  const dir = await arena.folder(); // a node always writes down what it knows of the others
  const server = await arena.server({ args: ['--cluster-enabled', 'yes', '--dir', dir] });
  const client = await server.client();
  const call = (...args: string[]) => client.sendCommand(args);
  return { server, client, id: String(await call('CLUSTER', 'MYID')), call };
}
