import { until } from '../../scripts/support/until.js';
import type { ChaosFaultName } from './chaos-faults.js';
import type { ON_CANDIDATES } from './on-candidates.js';
import type { PlannedFault } from './plan.js';
import type { Servers } from './servers.js';

/** What there is to do a fault of the servers with. */
export interface OnServers {
  readonly servers: Servers;
  readonly keys: { readonly lease: string; readonly record: string };
  readonly planned: PlannedFault;
  /** Resolves when the fault is to end. */
  readonly hold: () => Promise<void>;
}

type Fault = (on: OnServers) => Promise<unknown>;

/** ms that a full server is given to evict the election. */
const EVICTION = 500;

/** A setting with which the server refuses writes, until the fault ends. */
const setting =
  (begin: Record<string, string>, end: Record<string, string>): Fault =>
  async ({ servers: { admin }, hold }) => {
    await admin.configSet(begin);
    await hold();
    await admin.configSet(end);
  };

/** A command that blocks the server until the fault ends. Its own answer may come no earlier. */
const blocking =
  (command: (ms: number) => string[]): Fault =>
  async ({ servers: { admin }, planned, hold }) => {
    admin.sendCommand(command(planned.lasts)).catch(() => {});
    await hold();
  };

/** Faults of the servers and of their data, from beginning to end. */
export const ON_SERVERS: Readonly<Record<Exclude<ChaosFaultName, keyof typeof ON_CANDIDATES>, Fault>> = {
  'redis SIGSTOP': async ({ servers: { master }, hold }) => {
    master.pause();
    await hold();
    master.resume();
  },
  restart: async ({ servers, hold }) => {
    await servers.master.kill();
    await hold();
    await servers.restart();
  },
  failover: async ({ servers, hold }) => {
    await servers.master.kill();
    await hold();
    await servers.promote();
    await servers.rejoin();
  },
  'failover to a lagging replica': async ({ servers, hold }) => {
    await servers.detach();
    await hold();
    await servers.master.kill();
    await servers.promote();
    await servers.rejoin();
  },
  'CLIENT PAUSE': blocking((ms) => ['CLIENT', 'PAUSE', String(ms), 'ALL']),
  'DEBUG SLEEP': blocking((ms) => ['DEBUG', 'SLEEP', String(ms / 1_000)]),
  OOM: setting({ maxmemory: '1' }, { maxmemory: '0' }),
  NOREPLICAS: setting({ 'min-replicas-to-write': '3' }, { 'min-replicas-to-write': '0' }),
  NOPERM: async ({ servers: { admin }, hold }) => {
    await admin.aclSetUser('default', ['-eval', '-evalsha']);
    await hold();
    await admin.aclSetUser('default', ['+eval', '+evalsha']);
  },
  eviction: async ({ servers: { admin }, keys }) => {
    await admin.configSet({ 'maxmemory-policy': 'allkeys-random', maxmemory: '1' });
    const gone = async () => (await admin.exists([keys.lease, keys.record])) === 0;
    await until(gone, { every: 1, within: EVICTION }).catch(() => {}); // put back as fast as it is evicted
    await admin.configSet({ 'maxmemory-policy': 'noeviction', maxmemory: '0' });
  },
  FLUSHALL: ({ servers: { admin } }) => admin.flushAll(),
  'lease deleted': ({ servers: { admin }, keys }) => admin.del(keys.lease),
  'record deleted': ({ servers: { admin }, keys }) => admin.del(keys.record),
  'SCRIPT FLUSH': ({ servers: { admin } }) => admin.scriptFlush(),
  'CLIENT KILL': ({ servers: { admin } }) => admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes']),
};
