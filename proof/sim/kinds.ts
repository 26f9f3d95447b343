import type { Happening } from './plan.js';
import type { User } from './user.js';
import type { World } from './world.js';

/** Ends what a happening began. */
type Undo = () => void;

interface Kind {
  /** Makes it happen; what it returns ends it. */
  readonly begin: (world: World, happening: Happening) => Undo | undefined;
  /** Somebody new comes with it. */
  readonly newcomer?: true;
  /** The share of worlds that have it. It is drawn apart from the other kinds, which leaves worlds without it as they were before this kind existed. */
  readonly share?: number;
}

/** What befalls one user, or nobody where there is none. */
const toUser = (befall: (user: User, world: World, happening: Happening) => Undo | undefined): Kind => ({
  begin(world, happening) {
    const user = world.aimedAt(happening);
    return user && befall(user, world, happening);
  },
});

const toLink = (condition: (happening: Happening, ttl: number) => Parameters<User['link']['befall']>[0]): Kind =>
  toUser((user, { ttl }, happening) => user.link.befall(condition(happening, ttl)));

const toServer = (refusal: (world: World) => Parameters<World['servers'][number]['befall']>[0]): Kind => ({
  begin: (world, { server = 0 }) => world.servers[server]?.befall(refusal(world)),
});

const loss = (lose: (store: World['servers'][number]['store'], world: World) => void): Kind => ({
  begin(world, happening) {
    world.exceptions.lost();
    lose(world.faulty(happening).store, world);
    return undefined;
  },
});

const refused = (code: Parameters<World['error']>[0], more: { grantsOnly?: true; afterwards?: true } = {}): Kind =>
  toServer((world) => ({ error: world.error(code), ...more }));

const clockSet = (sign: 1 | -1): Kind => ({
  begin(world, happening) {
    world.setClock(world.faulty(happening), Math.floor(sign * world.ttl * 3 * happening.amount));
    return undefined;
  },
});

/** ms by which the clock of one server is ahead of that of another; mostly few. */
const ahead = ({ ttl }: World, { amount }: Happening): number => Math.floor(3 * ttl * (2 * amount - 1) ** 3);

/** Everything that may happen in a world, by name. */
export const KINDS = {
  // To a process or a machine.
  pause: toUser(({ machine }) => machine.process.halt('paused')),
  suspend: toUser(({ machine }) => machine.process.halt('suspended')),
  freeze: toUser(({ machine }, world) => {
    const { seats } = machine.process;
    const frozen = seats.map(({ name }) => world.exceptions.froze(name));
    const thaw = machine.process.halt('frozen');
    return () => {
      for (const end of frozen) end();
      thaw();
    };
  }),
  drift: toUser(({ machine }, _, { amount }) => {
    machine.process.rate = 0.99 + 0.02 * amount;
  }),
  'wall clock set': toUser(({ machine }, { ttl }, { amount }) => {
    // Nobody sets the clock of a suspended machine. What if it happens before the process runs again is
    // documented: docs/reliability/faults.md.
    if (!machine.process.wasSuspended) machine.process.wallStep += (amount - 0.5) * 10 * ttl;
    return undefined;
  }),
  kill: {
    newcomer: true,
    begin(world, happening) {
      const user = world.aimedAt(happening);
      if (!user) return undefined;
      world.kill(user);
      return () => world.add(happening.newcomer);
    },
  },

  // To a connection.
  'requests lost': toLink(() => ({ requests: 'lost' })),
  'replies lost': toLink(() => ({ replies: 'lost' })),
  'both lost': toLink(() => ({ requests: 'lost', replies: 'lost' })),
  'requests held': toLink(() => ({ requests: 'held' })),
  'replies held': toLink(() => ({ replies: 'held' })),
  'requests slow': toLink(({ amount }, ttl) => ({ requests: 'slow', slower: amount * ttl * 1.5 })),
  'replies slow': toLink(({ amount }, ttl) => ({ replies: 'slow', slower: amount * ttl * 1.5 })),
  queued: toLink(() => ({ queued: true })),
  'notices down': toLink(() => ({ notices: 'down' })),
  'notices lost': toLink(() => ({ notices: 'lost' })),
  'notices dropped': toUser(({ link }) => {
    link.dropNotices();
    return undefined;
  }),
  'notices forged': toUser((user, world, { lasts, amount }) => {
    let goesOn = true;
    const forge = () => {
      if (goesOn) user.link.publish(world.forged());
    };
    for (let n = 0; n < 1 + 600 * amount ** 8; n += 1) world.later(lasts * world.draw(), forge);
    return () => {
      goesOn = false;
    };
  }),
  drop: toUser(({ link }, world) => {
    link.drop(world.error('STORE_UNAVAILABLE'));
  }),
  refused: toUser(({ link }, world) => {
    link.drop(world.error('STORE_UNAVAILABLE'));
    return link.befall({ queued: true });
  }),

  'moved to another database': { ...toLink(() => ({ place: 'database' })), share: 0.1 },
  'master demoted': {
    share: 0.1,
    begin(world, happening) {
      world.failOver(world.faulty(happening), ahead(world, happening))();
      const left = world.users.filter(({ machine }) => !machine.isDead && world.draw() < 0.6);
      const undos = left.map(({ link }) => link.befall({ place: 'replica' }));
      return () => {
        for (const undo of undos) undo();
      };
    },
  },

  // To the server.
  hang: toServer(() => ({ hangs: true })),
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
    begin(world, happening) {
      const server = world.faulty(happening);
      const ms = Math.ceil(world.ttl * 10 * happening.amount ** 2);
      world.setClock(server, -ms);
      return () => world.setClock(server, ms);
    },
  },

  // To what is stored.
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
  failover: { begin: (world, happening) => world.failOver(world.faulty(happening), 0) },
  'failover to another clock': {
    begin: (world, happening) => world.failOver(world.faulty(happening), ahead(world, happening)),
  },
  'failover while cut off': {
    begin(world, happening) {
      const takeOver = world.failOver(world.faulty(happening), ahead(world, happening));
      const getThrough = world.aimedAt(happening)?.link.befall({ requests: 'held' });
      return () => {
        takeOver();
        getThrough?.();
      };
    },
  },
  'lease overwritten': {
    begin(world, happening) {
      const { key, ttl, exceptions } = world;
      exceptions.lost();
      world.faulty(happening).store.put(key, 'somebody', Math.floor(happening.amount * ttl));
      return undefined;
    },
  },
  'no lease': {
    begin(world, happening) {
      const { store } = world.faulty(happening);
      store.put(world.key, 'no lease at all');
      return () => store.evict(world.key, 'lease');
    },
  },

  // What users do.
  leave: toUser((user, world, { lasts }) => {
    user.machine.receive(() => user.leave());
    world.later(lasts, () => user.machine.receive(() => user.join()));
  }),
  'leave and join at once': toUser((user) => {
    user.machine.receive(() => {
      user.leave();
      user.join();
    });
  }),
  resign: toUser((user, { ttl }, { amount }) => {
    user.machine.receive(() => user.resign(amount * ttl));
    return undefined;
  }),
  close: {
    newcomer: true,
    begin(world, happening) {
      const user = world.aimedAt(happening);
      if (!user) return undefined;
      user.machine.receive(() => void user.close(happening.amount < 0.5 ? 'close' : 'abort'));
      return () => world.add(happening.newcomer);
    },
  },
  newcomer: {
    newcomer: true,
    begin(world, { newcomer }) {
      world.add(newcomer);
      return undefined;
    },
  },
} as const satisfies Record<string, Kind>;

export type KindName = keyof typeof KINDS;
