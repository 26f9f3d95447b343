import type { ElectionErrorCode } from 'rx-leader';
import type { MemoryLeaseStore } from 'rx-leader/testing';
import type { Notice } from '../../lib/port/lease-store.js';
import type { Exceptions } from './exceptions.js';
import type { LinkFault } from './link.js';
import type { FaultEvent, FaultKindName, MachinePlan } from './plan-schema.js';
import type { Server, ServerFault } from './server.js';
import type { User } from './user.js';

/** What faults act on. */
export interface FaultContext {
  readonly key: string;
  readonly ttl: number;
  readonly servers: readonly Server[];
  readonly users: readonly User[];
  readonly exceptions: Exceptions;
  error(code: ElectionErrorCode): Error;
  /** The user that a fault is aimed at, if there is one. */
  targetOf(fault: FaultEvent): User | undefined;
  kill(user: User): void;
  add(plan: MachinePlan | undefined): void;
  /** The server that a fault is aimed at, among those that may lose data. */
  faulty(fault: FaultEvent): Server;
  /**
   * Starts a failover to a replica whose clock is `ahead` ms; the returned function completes it.
   */
  failOver(server: Server, ahead: number): Undo;
  setClock(server: Server, ms: number): void;
  serverChanged(): void;
  draw(): number;
  forgedNotice(): Notice;
  later(ms: number, run: () => void): void;
}

/** Ends what a fault began. */
type Undo = () => void;

interface FaultKind {
  /** Starts the fault. The returned function ends it. */
  readonly begin: (world: FaultContext, fault: FaultEvent) => Undo | undefined;
  /** Adds a machine. */
  readonly newcomer?: true;
  /**
   * The share of worlds that have it. It has its own random stream, so worlds without it stay as
   * they were before this kind existed.
   */
  readonly share?: number;
}

/** A fault of one user, or none if there is no user. */
const onUser = (inject: (user: User, world: FaultContext, fault: FaultEvent) => Undo | undefined): FaultKind => ({
  begin(world, fault) {
    const user = world.targetOf(fault);
    return user && inject(user, world, fault);
  },
});

const onLink = (condition: (fault: FaultEvent, ttl: number) => LinkFault): FaultKind =>
  onUser((user, { ttl }, fault) => user.link.inject(condition(fault, ttl)));

const onServer = (refusal: (world: FaultContext) => ServerFault): FaultKind => ({
  begin: (world, { server = 0 }) => world.servers[server]?.inject(refusal(world)),
});

const loss = (lose: (store: MemoryLeaseStore, world: FaultContext) => void): FaultKind => ({
  begin(world, fault) {
    world.exceptions.lost();
    lose(world.faulty(fault).store, world);
    return undefined;
  },
});

const refused = (code: ElectionErrorCode, more: { grantsOnly?: true; afterwards?: true } = {}): FaultKind =>
  onServer((world) => ({ error: world.error(code), ...more }));

const clockSet = (sign: 1 | -1): FaultKind => ({
  begin(world, fault) {
    world.setClock(world.faulty(fault), Math.floor(sign * world.ttl * 3 * fault.amount));
    return undefined;
  },
});

/** ms by which one server's clock is ahead of another's; mostly few. */
const clockDifference = ({ ttl }: FaultContext, { amount }: FaultEvent): number =>
  Math.floor(3 * ttl * (2 * amount - 1) ** 3);

/** Every fault, by name. The names also seed random streams: a renamed fault changes worlds. */
export const FAULT_KINDS = {
  // Processes and machines.
  pause: onUser(({ machine }) => machine.process.halt('paused')),
  suspend: onUser(({ machine }) => machine.process.halt('suspended')),
  freeze: onUser(({ machine }, world) => {
    const { hosts } = machine.process;
    const frozen = hosts.map(({ name }) => world.exceptions.froze(name));
    const thaw = machine.process.halt('frozen');
    return () => {
      for (const end of frozen) end();
      thaw();
    };
  }),
  drift: onUser(({ machine }, _, { amount }) => {
    machine.process.rate = 0.99 + 0.02 * amount;
  }),
  'wall clock set': onUser(({ machine }, { ttl }, { amount }) => {
    // The clock of a suspended machine is not set. docs/reliability/faults.md documents what
    // follows if it is, before the process runs again.
    if (!machine.process.wasSuspended) machine.process.wallStep += (amount - 0.5) * 10 * ttl;
    return undefined;
  }),
  kill: {
    newcomer: true,
    begin(world, fault) {
      const user = world.targetOf(fault);
      if (!user) return undefined;
      world.kill(user);
      return () => world.add(fault.newcomer);
    },
  },

  // Connections.
  'requests lost': onLink(() => ({ requests: 'lost' })),
  'replies lost': onLink(() => ({ replies: 'lost' })),
  'both lost': onLink(() => ({ requests: 'lost', replies: 'lost' })),
  'requests held': onLink(() => ({ requests: 'held' })),
  'replies held': onLink(() => ({ replies: 'held' })),
  'requests slow': onLink(({ amount }, ttl) => ({ requests: 'slow', slower: amount * ttl * 1.5 })),
  'replies slow': onLink(({ amount }, ttl) => ({ replies: 'slow', slower: amount * ttl * 1.5 })),
  queued: onLink(() => ({ queued: true })),
  'notices down': onLink(() => ({ notices: 'down' })),
  'notices lost': onLink(() => ({ notices: 'lost' })),
  'notices dropped': onUser(({ link }) => {
    link.dropNotices();
    return undefined;
  }),
  'notices forged': onUser((user, world, { lasts, amount }) => {
    let goesOn = true;
    const forge = () => {
      if (goesOn) user.link.publish(world.forgedNotice());
    };
    for (let n = 0; n < 1 + 600 * amount ** 8; n += 1) world.later(lasts * world.draw(), forge);
    return () => {
      goesOn = false;
    };
  }),
  drop: onUser(({ link }, world) => {
    link.drop(world.error('STORE_UNAVAILABLE'));
  }),
  refused: onUser(({ link }, world) => {
    link.drop(world.error('STORE_UNAVAILABLE'));
    return link.inject({ queued: true });
  }),

  'moved to another database': { ...onLink(() => ({ place: 'database' })), share: 0.1 },
  'master demoted': {
    share: 0.1,
    begin(world, fault) {
      world.failOver(world.faulty(fault), clockDifference(world, fault))();
      const left = world.users.filter(({ machine }) => !machine.isDead && world.draw() < 0.6);
      const undos = left.map(({ link }) => link.inject({ place: 'replica' }));
      return () => {
        for (const undo of undos) undo();
      };
    },
  },

  // Servers.
  hang: onServer(() => ({ hangs: true })),
  unavailable: refused('STORE_UNAVAILABLE'),
  readonly: refused('STORE_READONLY'),
  denied: refused('STORE_DENIED'),
  loading: refused('STORE_LOADING'),
  full: refused('STORE_FULL', { grantsOnly: true }),
  nonsense: refused('STORE_REPLY'),
  'nonsense afterwards': refused('STORE_REPLY', { afterwards: true }),
  'clock set forward': clockSet(1),
  'clock set back': clockSet(-1),

  'clock set back and corrected': {
    share: 0.1,
    begin(world, fault) {
      const server = world.faulty(fault);
      const ms = Math.ceil(world.ttl * 10 * fault.amount ** 2);
      world.setClock(server, -ms);
      return () => world.setClock(server, ms);
    },
  },

  // Stored data.
  flush: loss((store) => store.flush()),
  'lease evicted': loss((store, { key }) => store.evict(key, 'lease')),
  'record evicted': loss((store, { key }) => store.evict(key, 'record')),
  'empty restart': loss((store, world) => {
    world.exceptions.ranAnew();
    store.restart();
    world.serverChanged();
  }),
  restart: loss((store, world) => {
    world.exceptions.ranAnew();
    store.restart({ keep: true });
    world.serverChanged();
  }),
  failover: { begin: (world, fault) => world.failOver(world.faulty(fault), 0) },
  'failover to another clock': {
    begin: (world, fault) => world.failOver(world.faulty(fault), clockDifference(world, fault)),
  },
  'failover while cut off': {
    begin(world, fault) {
      const takeOver = world.failOver(world.faulty(fault), clockDifference(world, fault));
      const getThrough = world.targetOf(fault)?.link.inject({ requests: 'held' });
      return () => {
        takeOver();
        getThrough?.();
      };
    },
  },
  'lease overwritten': {
    begin(world, fault) {
      const { key, ttl, exceptions } = world;
      exceptions.lost();
      world.faulty(fault).store.put(key, 'somebody', Math.floor(fault.amount * ttl));
      return undefined;
    },
  },
  'no lease': {
    begin(world, fault) {
      const { store } = world.faulty(fault);
      store.put(world.key, 'no lease at all');
      return () => store.evict(world.key, 'lease');
    },
  },

  // Users.
  leave: onUser((user, world, { lasts }) => {
    user.machine.receive(() => user.leave());
    world.later(lasts, () => user.machine.receive(() => user.join()));
  }),
  'leave and join at once': onUser((user) => {
    user.machine.receive(() => {
      user.leave();
      user.join();
    });
  }),
  resign: onUser((user, { ttl }, { amount }) => {
    user.machine.receive(() => user.resign(amount * ttl));
    return undefined;
  }),
  close: {
    newcomer: true,
    begin(world, fault) {
      const user = world.targetOf(fault);
      if (!user) return undefined;
      user.machine.receive(() => void user.close(fault.amount < 0.5 ? 'close' : 'abort'));
      return () => world.add(fault.newcomer);
    },
  },
  newcomer: {
    newcomer: true,
    begin(world, { newcomer }) {
      world.add(newcomer);
      return undefined;
    },
  },
} as const satisfies Record<FaultKindName, FaultKind>;
