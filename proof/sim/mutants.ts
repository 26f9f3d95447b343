import * as variants from '../variants.js';
import { known, type Mutant, mutant } from './mutant.js';
import { QUORUM_MUTANTS } from './quorum-mutants.js';

/**
 * Each lacks something that the simulator must miss: of the engine, and of the store as its model
 * has it.
 */
export const MUTANTS: readonly Mutant[] = [
  // Time.
  known(variants.deadlineIgnored, 'leads until it is told that the lease is lost'),
  known(variants.timerOnly, 'notices the deadline by its timer alone'),
  known(variants.stampedAtReply, 'counts a lease from the reply'),
  known(variants.patient, 'waits for each reply as long as it takes'),
  known(variants.uptimeIgnored, 'does not count the time that a machine was suspended'),
  mutant('suspension-counted-late', 'counts a suspension once the uptime has shown it for a while', [
    'clock/uptime-offset.ts',
    'if (least <= TICK || !isConfirmed) continue;',
    'if (isConfirmed || !isConfirmed) continue;',
  ]),
  known(variants.wholeTtl, 'leaves no margin for drift and for tearing down'),
  mutant(
    'wall-clock',
    'measures leases by the wall clock',
    [
      'stream/step-loop.ts',
      'dispatch(event: Event, now = this.#environment.clock.now())',
      'dispatch(event: Event, now = (this.#environment.clock as any).wall())',
    ],
    ['stream/request-in-flight.ts', 'const now = clock.now();', 'const now = (clock as any).wall();'],
    ['stream/timer-wheel.ts', 'Math.max(at, this.#clock.now())', 'Math.max(at, (this.#clock as any).wall())'],
    ['stream/timer-wheel.ts', 'Math.max(0, at - this.#clock.now())', 'Math.max(0, at - (this.#clock as any).wall())'],
    [
      'stream/step-loop.ts',
      'this.#context(this.#environment.clock.now()));',
      'this.#context((this.#environment.clock as any).wall()));',
    ],
    ['stream/term.ts', 'this.#deadline - this.#clock.now()', 'this.#deadline - (this.#clock as any).wall()'],
  ),
  mutant('late-timers-after-suspend', 'lets timers ring as late as the machine has slept', [
    'stream/wake-up.ts',
    'if (holds === this.#isWatching) return;',
    'if (holds === holds) return;',
  ]),
  mutant('no-look-at-the-clock', 'looks at the clock when a timer rings, not when a reply comes', [
    'core/step.ts',
    'const expired = expire(before, context);',
    "const expired = event.kind === 'wake' ? expire(before, context) : next(before);",
  ]),
  mutant('jitter-delays-renewals', 'renews later by the jitter, not earlier', [
    'core/campaign.ts',
    'sentAt + renewEvery - random() * Math.min(spread, renewEvery / 2)',
    'sentAt + renewEvery + random() * 8 * spread',
  ]),
  mutant('renews-in-step', 'goes on renewing together what has come together in an outage', [
    'core/lead.ts',
    'const spread = jitter > 0 && !isPlanned ? renewEvery : jitter;',
    'const spread = jitter > 0 && isPlanned ? jitter : jitter;',
  ]),
  mutant('forgets-which-run', 'does not find out which run of the store it renews at', [
    'core/lead.ts',
    'const mustAskRun = ({ notices }: State): boolean => notices.isRunInDoubt;',
    'const mustAskRun = ({ notices }: State): boolean => notices === undefined;',
  ]),
  mutant('overhears-another-run', 'takes no notice of a run that is told unasked', [
    'core/lead.ts',
    'return isSame ? state :',
    'return isSame || !isSame ? state :',
  ]),
  mutant('renews-as-the-present-run', 'writes down whatever run it renews at', [
    'port/rules.ts',
    "const run = request.run || (lease ? '' : server.run);",
    'const { run } = server;',
  ]),
  mutant('takes-all-alarms-back', 'takes the alarms of other elections back with its own', [
    'stream/timer-wheel.ts',
    'if (this.#left > 0) return;',
    '',
  ]),
  // Requests.
  known(variants.acquiresInTheDark, 'tries again under the same id after a silence'),
  known(variants.forgetsRetired, 'takes back nothing of what may have been acquired unheard'),
  mutant(
    'late-replies-revive',
    'lets a late renewal revive a term that is over',
    ['stream/request-in-flight.ts', 'this.#pending?.unsubscribe();', ''],
    [
      'core/step.ts',
      'return event.sent === state.sent ? handleAnswer(state, event, context) : next(state);',
      "if (event.kind === 'reply' && event.reply.status === 'renewed' && state.phase === 'campaigning') return next({ ...state, phase: 'leading', role: 'leader', renewAt: context.now + context.settings.renewEvery, term: { id: (event.sent.request as any).id, token: (event.sent.request as any).token, deadline: context.now + context.settings.ttl } } as any, { role: 'leader', term: { id: (event.sent.request as any).id, token: (event.sent.request as any).token, deadline: context.now + context.settings.ttl } } as any);\n      return event.sent === state.sent ? handleAnswer(state, event, context) : next(state);",
    ],
  ),
  mutant('grants-however-late', 'grants to whoever asked, however long ago', [
    'port/rules/entry.ts',
    'notAfter !== undefined && micros > notAfter * 1000',
    'notAfter !== undefined && micros > notAfter * 1e9',
  ]),
  known(variants.givesUp, 'does not try again after an error'),
  known(variants.waitsToBeTold, 'follows until it is told that the lease is free'),
  known(variants.resignsAtOnce, 'resigns at the first renewal that fails'),
  // Notices.
  mutant('deaf', 'does not ask when it is told of a release', [
    'core/notice.ts',
    "return before.phase === 'campaigning' ? handleReleased(before, notice, context) : before;",
    'return before;',
  ]),
  mutant('misses-what-is-told-meanwhile', 'forgets what it is told while a request is in flight', [
    'core/notice.ts',
    'if (state.sent) return { ...state, notices: { ...state.notices, deferred: notice } };',
    'if (state.sent) return state;',
  ]),
  mutant('not-anew', 'does not ask for what was told before it listened', [
    'core/notice.ts',
    'return attemptBy(state, notice, now + random() * settings.jitter);',
    'return random() < 0 ? attemptBy(state, notice, now + settings.jitter) : state;',
  ]),
  known(variants.believesWhatIsTold, 'waits for the lease that it is told of, however long that is'),
  known(variants.followsEveryNotice, 'asks each time that it is told of a release'),
  known(variants.waitsForTheNamed, 'waits for who is named to be next, whether that one is there or not'),
  mutant(
    'leaves-it-to-the-successor',
    'tells nobody else of its release where the only one that was told does not come',
    [
      'core/handover.ts',
      'return reply.told === undefined || state.hasSuccessor\n    ? withoutFirst(released)\n    : awaitSuccessor(reply.told, released, context);',
      'return withoutFirst(released);',
    ],
  ),
  known(variants.ignoresRivals, 'does not ask, told of an election after its own, before it would be due'),
  known(variants.leadsByNotice, 'leads when it is told that it does'),
  // Vanished leases.
  mutant('no-suspicion', 'takes every absent lease for free', [
    'port/rules/acquire.ts',
    'if (record && wait > 0) {',
    'if (record && wait > Number.MAX_VALUE) {',
  ]),
  mutant('no-run', 'takes what another run of the server has written for its own', [
    'port/rules/acquire.ts',
    "return run !== '' && record.run !== '' && record.run !== run;",
    'return run === undefined;',
  ]),
  mutant('no-memory', 'does not remember the highest token it has seen', [
    'core/memory.ts',
    'const token = Math.max(memory.token, reply.token ?? 0);',
    'const token = memory.token;',
  ]),
  mutant('memory-of-one-candidacy', 'forgets what it knew when it stands anew', [
    'election/live-election.ts',
    'this.#memory = candidacy.memory ?? this.#memory;',
    '',
  ]),
  mutant('one-loss-only', 'keeps the time of a record that was mended, when it is lost again', [
    'port/rules/acquire.ts',
    "const stands = record !== undefined && record.id === '' && record.run === server.run;",
    "const stands = record !== undefined && record.id === '';",
  ]),
  mutant('endless-mending', 'lets each who finds a loss begin the wait anew', [
    'port/rules/acquire.ts',
    "const stands = record !== undefined && record.id === '' && record.run === server.run;",
    'const stands = record === undefined;',
  ]),
  mutant('lets-its-lease-go', 'takes its lease for lost when it does not find it', [
    'port/rules.ts',
    'if (!lease && (released || record.token > token)) {',
    'if (!lease) {',
  ]),
  mutant('puts-back-what-is-over', 'puts its lease back although a later term has begun', [
    'port/rules.ts',
    'if (!lease && (released || record.token > token)) {',
    'if (!lease && released) {',
  ]),
  mutant('puts-back-what-was-released', 'puts back a lease that it has released', [
    'port/rules.ts',
    'if (!lease && (released || record.token > token)) {',
    'if (!lease && record.token > token) {',
  ]),
  known(variants.noReckoning, 'believes the server’s clock'),
  mutant('reckons-only-what-it-has-seen', 'reckons the time of the server from when it has seen the until', [
    'core/memory.ts',
    'const before = memory.time === undefined ? offset : estimateStoreTime(memory.time, memory.at, now, ttl) - now;',
    'const before = offset;',
  ]),
  mutant('trusts-a-clock-that-was-set-back', 'takes a lease for over that a clock that was set back has written', [
    'port/rules/acquire.ts',
    'if (at < peak) return ttl - age;',
    '',
  ]),
  known(variants.keepsLongLeases, 'waits for a lease to run out, however far ahead that is'),
  mutant('takes-what-is-not-recorded', 'takes a lease that is not on record for nobody’s', [
    'port/rules/acquire.ts',
    'if (lease === undefined) return claim(',
    'if (lease === undefined || lease.id !== entry.record?.id) return claim(',
  ]),
  mutant('waits-to-be-told', 'waits for a holder that tells nothing until its lease is over', [
    'core/wait.ts',
    'const isNotified = state.notices.isSubscribed && holder.token !== undefined;',
    'const isNotified = state.notices.isSubscribed;',
  ]),
  mutant('no-coldStart', 'takes no record for no election, whatever it was told', [
    'port/rules/acquire.ts',
    "if (!record) return request.coldStart === 'wait';",
    'if (!record) return false;',
  ]),
  mutant('elects-beside-who-waits', "takes a record that one with coldStart 'wait' has begun for none, with 'elect'", [
    'port/rules/acquire.ts',
    'const wait = record ? stillToWait(record, request, now) : 0;',
    "const isNew = record?.id === '' && record.token === 0 && request.coldStart === 'elect';\n  const wait = record && !isNew ? stillToWait(record, request, now) : 0;",
  ]),
  mutant(
    'stands-by-at-a-replica',
    'lets a replica say who holds the lease, so that one who could never lead stands by',
    [
      'port/rules/acquire.ts',
      `  requireMaster(server);
  const { candidates, ...entry } = expire(before, msOf(server));
  const outcome`,
      `  if (liveLease(before, msOf(server)) === undefined) requireMaster(server);
  const { candidates, ...entry } = expire(before, msOf(server));
  const outcome`,
    ],
  ),
  mutant('puts-back-in-another-database', 'puts its lease back in whatever database it finds itself', [
    'port/rules.ts',
    'if (!lease) requireHome(server);',
    '',
  ]),
  mutant('elects-in-another-database', 'takes a database to which its client was moved for an emptied store', [
    'port/rules/acquire.ts',
    `  requireHome(server);
  const now = msOf(server);
  const mended`,
    `  const now = msOf(server);
  const mended`,
  ]),
  // The own lease only.
  mutant('bare-DEL', 'releases whoever’s lease it finds', ['port/rules.ts', '...(lease && !holds && { lease }),', '']),
  mutant('renews-anyones', 'renews whoever’s lease it finds', [
    'port/rules.ts',
    'if (lease && lease.id !== id) {',
    'if (lease && lease.id === undefined) {',
  ]),
  // Tokens.
  mutant('plain-counter', 'counts terms by what the store remembers, and nothing else', [
    'port/rules/acquire.ts',
    'Math.max((record?.token ?? 0) + 1, micros, lastToken + 1);',
    '(record?.token ?? 0) + 1 + 0 * micros * lastToken;',
  ]),
  mutant('clock-as-token', 'makes tokens of the server’s clock alone', [
    'port/rules/acquire.ts',
    'Math.max((record?.token ?? 0) + 1, micros, lastToken + 1);',
    'micros + 0 * (record?.token ?? 0) * lastToken;',
  ]),
  // Leaving.
  known(variants.releasesFirst, 'gives up its lease before the work has stopped'),
  mutant('releases-at-once', 'gives up its lease in the teardown itself', [
    'stream/candidacy.ts',
    'this.#environment.soon.schedule(() => (term ? term.whenIdle(drained) : drained()));',
    'term ? term.whenIdle(drained) : drained();',
  ]),
  mutant('no-renewal-while-draining', 'does not renew while it waits for the work', [
    'core/exit.ts',
    'const due = state.term && now >= state.renewAt && now < state.term.deadline;',
    'const due = state.term && now >= state.renewAt && now < 0;',
  ]),
  mutant('endless-drain', 'waits for the work as long as it takes', [
    'core/exit.ts',
    'if (!state.drained && now < state.drainBy) {',
    'if (!state.drained) {',
  ]),
  {
    does: 'releases while a renewal is on its way, which then puts the lease back',
    variant: {
      name: 'release-overtakes-renewal',
      patches: [
        ...variants.racesRelease.patches,
        {
          file: 'port/rules.ts',
          search: 'if (!lease && (released || record.token > token)) {',
          replace: 'if (!lease && record.token > token) {',
        },
      ],
    },
  },
  mutant('signal-after-follower', 'aborts the signal after it has told of the end', [
    'stream/candidacy.ts',
    'term?.end(decision.reason);\n    }\n    this.#publisher.post({ at, ...decision });',
    'this.#publisher.post({ at, ...decision });\n      this.#environment.soon.schedule(() => term?.end(decision.reason));\n      return;\n    }\n    this.#publisher.post({ at, ...decision });',
  ]),
  mutant('goes-on-telling', 'tells of changes that come while another is told before that one is through', [
    'stream/step-loop.ts',
    'if (this.#effects.isPublishing) return; // the outer call publishes the rest, then sends',
    '',
  ]),
  known(variants.keepsListening, 'goes on listening to the store after it has left'),
  ...QUORUM_MUTANTS,
];
