import type { Plan } from '../../../proof/sim/plan-schema.js';

/** A world in which the library, as it was, broke a promise. */
export interface Find {
  readonly what: string;
  /** The mutant that is the library as it was. */
  readonly library: string;
  /** The guarantee. */
  readonly breaks: string;
  readonly plan: Plan;
}

/** What the simulator has found, each as small a world as it came to. */
export const FINDS: readonly Find[] = [
  {
    what: "a server's clock that is set forward frees no lease whose until a candidate has yet to see",
    library: 'reckons-only-what-it-has-seen',
    breaks: 'G2', // and G1, until a leader asked as soon as it heard of a later election
    plan: {
      seed: 5,
      lasts: 7087,
      options: {
        key: 'k',
        ttl: 500,
        wait: 250,
        jitter: 0,
        renewEvery: 166,
        timeout: 62,
        drain: 250,
        coldStart: 'wait',
      },
      network: { latency: 3.1, spikes: 0, loss: 0, duplicates: 0, ordered: true },
      serverRate: 1,
      machines: [
        {
          rate: 1.01,
          lateness: 0,
          joins: 0,
          style: { work: 'none', teardown: 0, loop: false, busy: 0, reentrancy: 0 },
        },
        { rate: 1, lateness: 0, joins: 0, style: { work: 'none', teardown: 0, loop: false, busy: 0, reentrancy: 0 } },
      ],
      faults: [
        {
          at: 861.757736281081,
          kind: 'hang',
          lasts: 1038.7250461725666,
          amount: 0.5933907579164952,
          aim: 'anyone',
          machine: 1,
        },
        {
          at: 6984.840810147923,
          kind: 'clock set forward',
          lasts: 0,
          amount: 0.21917262906208634,
          aim: 'anyone',
          machine: 0,
        },
      ],
    },
  },
  {
    what: 'a machine that was suspended for less than a lease tells of its deadline in time',
    library: 'late-timers-after-suspend',
    breaks: 'G2',
    plan: {
      seed: 5566,
      lasts: 13872,
      options: {
        key: 'k',
        ttl: 1000,
        wait: 200,
        jitter: 0,
        renewEvery: 333,
        timeout: 20,
        drain: 500,
        coldStart: 'elect',
      },
      network: { latency: 0.2, spikes: 0, loss: 0, duplicates: 0, ordered: true },
      serverRate: 1,
      machines: [
        { rate: 1, lateness: 0, joins: 0, style: { work: 'none', teardown: 0, loop: false, busy: 0, reentrancy: 0 } },
      ],
      faults: [
        {
          at: 13124.356339927472,
          kind: 'suspend',
          lasts: 747.4386519858024,
          amount: 0.15507105272263288,
          aim: 'leader',
          machine: 3,
        },
      ],
    },
  },
  {
    what: 'an election that stands anew after a release nobody answered looks before it acquires',
    library: 'memory-of-one-candidacy',
    breaks: 'G4',
    plan: {
      seed: 13,
      lasts: 90000,
      options: {
        key: 'k',
        ttl: 5000,
        wait: 2500,
        jitter: 0,
        renewEvery: 500,
        timeout: 500,
        drain: 5000,
        coldStart: 'elect',
      },
      network: { latency: 1, spikes: 0, loss: 0, duplicates: 0, ordered: true },
      serverRate: 1,
      machines: [
        { rate: 1, lateness: 0, joins: 0, style: { work: 'none', teardown: 0, loop: false, busy: 0, reentrancy: 0 } },
      ],
      faults: [
        {
          at: 15363.33892859865,
          kind: 'queued',
          lasts: 5352.141652696803,
          amount: 0.7664411454461515,
          aim: 'leader',
          machine: 0,
        },
        {
          at: 17479.52179654828,
          kind: 'leave and join at once',
          lasts: 0,
          amount: 0.06521196430549026,
          aim: 'leader',
          machine: 1,
        },
      ],
    },
  },
  {
    what: 'a lease is given up only when the call stack of an unsubscription has torn the work down',
    library: 'releases-at-once',
    breaks: 'G7',
    plan: {
      seed: 54,
      lasts: 27581,
      options: {
        key: 'k',
        ttl: 10000,
        wait: 500,
        jitter: 0,
        renewEvery: 1000,
        timeout: 1250,
        drain: 5000,
        coldStart: 'elect',
      },
      network: { latency: 62.5, spikes: 0, loss: 0, duplicates: 0, ordered: true },
      serverRate: 1,
      machines: [
        {
          rate: 1,
          lateness: 0,
          joins: 0,
          style: { work: 'switchMap', teardown: 10256.779049523175, loop: false, busy: 0, reentrancy: 0 },
        },
      ],
      faults: [
        { at: 27580.920856833574, kind: 'leave', lasts: 0, amount: 0.7657035805750638, aim: 'leader', machine: 3 },
      ],
    },
  },
];

/** Worlds that show what the contract excepts. */
export const EXCUSED: ReadonlyArray<readonly [what: string, plan: Plan]> = [
  [
    'an attempt of a candidate that was fresh when it asked, on a store that was emptied before that came',
    {
      seed: 494492,
      lasts: 17000,
      options: {
        key: 'k',
        ttl: 1000,
        wait: 50,
        jitter: 200,
        renewEvery: 100,
        timeout: 125,
        drain: 1000,
        coldStart: 'elect',
      },
      network: {
        latency: 6.25,
        spikes: 0.02867237876635045,
        loss: 0.01146895150654018,
        duplicates: 0.02867237876635045,
        ordered: false,
      },
      serverRate: 1,
      machines: [
        {
          rate: 1,
          lateness: 0,
          joins: 2620.1783737633377,
          style: { work: 'none', teardown: 0, loop: false, busy: 0, reentrancy: 0 },
        },
        {
          rate: 0.99,
          lateness: 0,
          joins: 2161.0869595315307,
          style: { work: 'promise', teardown: 35.67401075270027, loop: false, busy: 0, reentrancy: 0 },
        },
        {
          rate: 1,
          lateness: 0,
          joins: 2298.5844877548516,
          style: { work: 'none', teardown: 0, loop: false, busy: 0, reentrancy: 0.1720342725981027 },
        },
      ],
      faults: [
        { at: 662.5493178144097, kind: 'restart', lasts: 0, amount: 0.16867912490852177, aim: 'anyone', machine: 1 },
        {
          at: 1609.0357258139024,
          kind: 'requests slow',
          lasts: 813.8479302266226,
          amount: 0.5796684883534908,
          aim: 'leader',
          machine: 2,
        },
        { at: 3041.415267166404, kind: 'flush', lasts: 0, amount: 0.3273413449060172, aim: 'anyone', machine: 2 },
        {
          at: 3092.87542247968,
          kind: 'requests slow',
          lasts: 4,
          amount: 0.8583707206416875,
          aim: 'anyone',
          machine: 1,
        },
      ],
      isSilent: false,
    },
  ],
];
