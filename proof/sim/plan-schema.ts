import type { ElectionOptions } from 'rx-leader';

/**
 * All faults and settings of a world, as plain data: a world that breaks a promise can be made
 * smaller.
 */
export interface Plan {
  /** Seeds everything that is drawn while the world runs. */
  readonly seed: number;
  /** ms during which faults happen, before the recovery check. */
  readonly lasts: number;
  readonly options: Options & Times;
  readonly network: Network;
  /** How fast the server's clock runs. */
  readonly serverRate: number;
  /**
   * The server is replaced without any connection noticing, as when slots of a cluster move.
   * Renewals then carry the server's run.
   */
  readonly isSilent?: boolean;
  /** Further servers of a quorum: how fast their clocks run, and how many ms they are ahead. */
  readonly others?: ReadonlyArray<{ readonly rate: number; readonly ahead: number }>;
  /** The first machine has this many further elections. */
  readonly crowd?: CrowdPlan;
  /** Processes that run go-leader. */
  readonly peers?: readonly PeerPlan[];
  /** Machines that are there from the beginning. Faults may add newcomers. */
  readonly machines: readonly MachinePlan[];
  readonly faults: readonly FaultEvent[];
}

export type Options = Omit<ElectionOptions, 'redis' | 'store'>;

/** The options that the checks depend on, in ms. */
export type Times = {
  readonly ttl: number;
  readonly wait: number;
  readonly jitter: number;
  readonly timeout: number;
  readonly drain: number;
  readonly renewEvery: number;
};

/** The properties of a network without faults. */
export interface Network {
  /** Mean ms from one end to the other. */
  readonly latency: number;
  /** The probability that a message takes ten times as long. */
  readonly spikes: number;
  /** The probability that a request, or a reply, is lost. */
  readonly loss: number;
  /** The probability that a request is sent twice. */
  readonly duplicates: number;
  /**
   * Whether messages arrive in the order they were sent, as on one connection; a pool has no
   * order.
   */
  readonly ordered: boolean;
}

export interface MachinePlan {
  readonly rate: number;
  /** ms by which its timers may fire late. */
  readonly lateness: number;
  /** ms from the beginning until its candidate joins. */
  readonly joins: number;
  readonly style: Style;
  /** Other elections in the same process. */
  readonly neighbours?: readonly NeighbourPlan[];
  /** Options in which its candidate differs from the others. */
  readonly options?: Omit<Plan['options'], 'key' | 'ttl'>;
  /** Further candidates of the same election in the same process. */
  readonly siblings?: readonly Style[];
}

/** How a user uses an election. */
export interface Style {
  /**
   * Leader-only work: none; work that stops at once, by `switchMap` or by `whileLeader` (`stream`);
   * work that takes `teardown` ms to stop (`slow`); a promise that lasts `teardown` ms.
   */
  readonly work: 'none' | 'switchMap' | 'stream' | 'slow' | 'promise';
  readonly teardown: number;
  /**
   * Whether the user also runs a `for await` loop, and how many ms it is busy with each
   * transition.
   */
  readonly loop: boolean;
  readonly busy: number;
  /** The probability that the user leaves, closes or resigns from within a transition. */
  readonly reentrancy: number;
}

/**
 * Another election of a process: its options, when it begins, and when and for how long its store
 * hangs. In ms.
 */
export interface NeighbourPlan {
  readonly options: Pick<Options, 'ttl' | 'timeout' | 'renewEvery' | 'jitter'> & { readonly ttl: number };
  readonly joins: number;
  readonly hangs: { readonly at: number; readonly lasts: number };
}

/**
 * Many elections of one process, on one connection to one server. Each handles one request at a
 * time.
 */
export interface CrowdPlan {
  readonly count: number;
  /** ms that a request takes on the connection, and again at the server. */
  readonly takes: number;
  /** When the connection is lost, and for how many ms: less than a lease. */
  readonly outage: { readonly at: number; readonly lasts: number };
}

/** When a go-leader peer does what, in ms. */
export interface PeerPlan {
  /** Between two attempts. */
  readonly wait: number;
  /** For how long it leads before it stops, and for how long it is then away. */
  readonly leads: number;
  readonly away: number;
  /** Whether it is killed rather than stopped: it then releases no lease. */
  readonly crashes: boolean;
}

/** One fault. */
export interface FaultEvent {
  readonly at: number;
  readonly kind: FaultKindName;
  /** ms for which it lasts, if it lasts. */
  readonly lasts: number;
  /** From 0 to 1: how severe it is, in the unit of its kind. */
  readonly amount: number;
  /** Its target: the leader if there is one, or the machine of this number. */
  readonly aim: 'leader' | 'anyone';
  readonly machine: number;
  /** The affected server of several. */
  readonly server?: number;
  /** The machine that it adds. */
  readonly newcomer?: MachinePlan;
}

/** Every kind of fault, implemented in fault-kinds.ts. */
export type FaultKindName =
  | ProcessFault
  | ConnectionFault
  | ServerFaultName
  | DataFault
  | 'leave'
  | 'leave and join at once'
  | 'resign'
  | 'close'
  | 'newcomer';

type ProcessFault = 'pause' | 'suspend' | 'freeze' | 'drift' | 'wall clock set' | 'kill';

type ConnectionFault =
  | 'requests lost'
  | 'replies lost'
  | 'both lost'
  | 'requests held'
  | 'replies held'
  | 'requests slow'
  | 'replies slow'
  | 'queued'
  | 'notices down'
  | 'notices lost'
  | 'notices dropped'
  | 'notices forged'
  | 'drop'
  | 'refused'
  | 'moved to another database'
  | 'master demoted';

type ServerFaultName =
  | 'hang'
  | 'unavailable'
  | 'readonly'
  | 'denied'
  | 'loading'
  | 'full'
  | 'nonsense'
  | 'nonsense afterwards'
  | 'clock set forward'
  | 'clock set back'
  | 'clock set back and corrected';

type DataFault =
  | 'flush'
  | 'lease evicted'
  | 'record evicted'
  | 'empty restart'
  | 'restart'
  | 'failover'
  | 'failover to another clock'
  | 'failover while cut off'
  | 'lease overwritten'
  | 'no lease';

export const KEY = 'k';

/** A machine without faults, and its user. */
export const CALM_MACHINE: MachinePlan = {
  rate: 1,
  lateness: 1,
  joins: 0,
  style: { work: 'stream', teardown: 0, loop: false, busy: 0, reentrancy: 0 },
};

/** A network without faults, with this latency. */
export const fair = (latency: number): Network => ({ latency, spikes: 0, loss: 0, duplicates: 0, ordered: true });

/** ms of the shortest timeout that any candidate has. */
export const shortestTimeout = ({ options, machines, faults }: Plan): number =>
  Math.min(
    options.timeout,
    ...[...machines, ...faults.map(({ newcomer }) => newcomer)].map((one) => one?.options?.timeout ?? options.timeout),
  );
