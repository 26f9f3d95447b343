import type { Patch, Variant } from './mutant.js';

const patch = (file: string, search: string, replace: string): Patch => ({ file, search, replace });
const variant = (name: string, ...patches: Patch[]): Variant => ({ name, patches });

/** Leads until it is told that the lease is lost. */
export const deadlineIgnored = variant(
  'deadline-ignored',
  patch(
    'stream/term.ts',
    'return this.#reason === undefined && this.remaining() > 0;',
    'return this.#reason === undefined;',
  ),
  patch(
    'core/lead.ts',
    "if (state.phase !== 'leading' || context.now < state.term.deadline) return next(state);",
    'return next(state);',
  ),
  patch(
    'core/step.ts',
    'return state.sent ? state.term.deadline : Math.min(state.renewAt, state.term.deadline);',
    'return state.sent ? Number.POSITIVE_INFINITY : state.renewAt;',
  ),
);

/** Notices the deadline by its timer alone. */
export const timerOnly = variant(
  'isLeading-by-timer',
  patch(
    'stream/term.ts',
    'return this.#reason === undefined && this.remaining() > 0;',
    'return this.#reason === undefined;',
  ),
);

/** Gives its lease up however it finds it. */
export const plainDel = variant(
  'plain-DEL-at-release',
  patch('redis/scripts.ts', "if held then redis.call('DEL', LEASE) end", "redis.call('DEL', LEASE)"),
  patch('redis/scripts.ts', 'local own = record.id == id and record.till ~= 0', 'local own = true'),
);

/** Sets its lease in whichever database its client is in. */
export const anyDatabase = variant(
  'any-database',
  patch('redis/scripts.ts', "if expected == '' or db == '' or db == expected then", 'if true then'),
  patch('redis/home.ts', 'if (!this.#isHeld) return;', 'return;'),
);

/** Stands by wherever it is told of a holder. */
export const standsByAnywhere = variant(
  'standing-by-at-a-replica',
  patch('redis/scripts.ts', "if type(done) == 'table' and string.find(done.err, 'READONLY', 1, true)", 'if false'),
);

/** Does not ask why a cluster's client goes without an answer. */
export const asksNoSlot = variant(
  'no-look-at-the-slot',
  patch('redis/store.ts', 'if (!evalShaOnce) return undefined;', 'if (!evalShaOnce || timeout > 0) return undefined;'),
);

/** Follows until it is told that the lease is free. */
export const waitsToBeTold = variant(
  'followers-that-wait-to-be-told',
  patch(
    'core/wait.ts',
    'nextAt: scheduleBy(context, within, isNotified), holder',
    'nextAt: isNotified ? Number.POSITIVE_INFINITY : Number.POSITIVE_INFINITY + within, holder',
  ),
);

/** Does not try again after an error. */
export const givesUp = variant(
  'no-attempt-after-an-error',
  patch('core/campaign.ts', 'nextAt: scheduleBy(context)', 'nextAt: Number.POSITIVE_INFINITY'),
  patch(
    'core/step.ts',
    'handleNotice(state, event.notice, context)',
    "state.role === 'error' ? state : handleNotice(state, event.notice, context)",
  ),
);

/** Measures leases by the wall clock. */
export const wallClock = variant(
  'Date.now-as-clock',
  patch('clock/clock.ts', 'return before + suspended;', 'return Date.now();'),
  patch('clock/clock.ts', 'return last.after + suspended;', 'return Date.now();'),
);

/** Takes its name for an id. */
export const nameAsId = variant('names-as-ids', patch('election/environment.ts', 'randomId()', "'0'"));

/** Counts a lease from when it hears of it. */
export const stampedAtReply = variant(
  'deadline-stamped-at-the-reply',
  patch(
    'core/campaign.ts',
    'const deadline = sent.at + lifetime(ttl);',
    'const deadline = context.now + lifetime(ttl);',
  ),
  patch('core/lead.ts', 'sent.at + lifetime(ttl)', 'context.now + lifetime(ttl)'),
);

/** Waits for each reply as long as it takes, and counts a lease from when it hears of it. */
export const patient = variant(
  'requests-without-timeout',
  ...stampedAtReply.patches,
  patch('stream/request-in-flight.ts', 'Math.ceil(now) + sent.request.timeout', 'Math.ceil(now) + 2 ** 30'),
);

/** Tries again under the same id after a silence, and asks nobody first. */
export const acquiresInTheDark = variant(
  'acquires-in-the-dark',
  patch('core/campaign.ts', "if (state.mustProbe) return { verb: 'read', key, timeout };", ''),
  patch('core/campaign.ts', 'const base = doubtful ? retire(state, context) : state;', 'const base = state;'),
);

/** Takes a new id after a silence, and forgets the old one. */
export const forgetsRetired = variant(
  'no-compare-and-delete-after-silence',
  patch('core/campaign.ts', 'const [retired] = state.retired;', 'const retired: string | undefined = undefined;'),
);

/** Grants to whoever asked, however long ago. */
export const noNotAfter = variant(
  'no-notAfter',
  patch(
    'redis/scripts.ts',
    'local function isLate(limit) return limit and',
    'local function isLate(limit) return false and',
  ),
);

/** Leaves what it has asked for in the client's queue. */
export const leavesQueue = variant(
  'commands-left-in-the-queue',
  patch('redis/node-redis.ts', 'if (topology.keepsCalls) while', 'if (false) while'),
);

/** Takes every absent lease for free. */
export const noSuspect = variant(
  'no-suspicion-of-absent-leases',
  patch('redis/scripts.ts', 'if record.till > 0 then', 'if false then'),
);

/** Takes its lease for lost when it does not find it. */
export const noPutBack = variant(
  'no-put-back',
  patch('redis/scripts.ts', 'if released or later or inPlace then', 'if true then'),
);

/** Renews whoever's lease it finds. */
export const renewsAnyones = variant(
  'renewals-that-compare-nothing',
  patch(
    'redis/scripts.ts',
    "if holder == id then\nredis.call('PEXPIRE', LEASE, ttl)\nelse",
    "if holder then\nredis.call('PEXPIRE', LEASE, ttl)\nelse",
  ),
);

/** Releases while a renewal is on its way, which then finds nothing and puts it back. */
export const racesRelease = variant(
  'releases-that-overtake-renewals',
  patch('core/exit.ts', "(sent?.request.verb === 'read' ? undefined : sent)", '(sent && undefined)'),
  patch('redis/scripts.ts', 'local released = record.id == id and record.till == 0', 'local released = false'),
);

/** Releases first, and lets the work find out. */
export const releasesFirst = variant(
  'release-before-teardown',
  patch('stream/candidacy.ts', '(term ? term.whenIdle(drained) : drained())', 'drained()'),
);

/** Counts terms by what the store remembers, and nothing else. */
export const plainCounter = variant(
  'tokens-as-a-plain-counter',
  patch(
    'redis/scripts.ts',
    'record = grant(math.max(record.token + 1, micros, seen + 1), run)',
    'record = grant(record.token + 1, run)',
  ),
);

/** Resigns at the first renewal that fails. */
export const resignsAtOnce = variant(
  'resignation-at-a-failed-renewal',
  patch('core/lead.ts', "if (error.code !== 'KEY_CONFLICT') {", 'if (error === undefined) {'),
);

/** Calls its scripts by hash only. */
export const hashOnly = variant(
  'scripts-by-hash-only',
  patch('redis/store.ts', 'if (signal.aborted ||', 'if (true ||'),
);

/** Writes the record before it touches the lease. */
export const writesFirst = variant(
  'renewals-that-write-first',
  patch('redis/scripts.ts', "redis.call('PEXPIRE', LEASE, ttl)\nelse", "redis.call('SET', LEASE, id, 'PX', ttl)\nelse"),
);

/** Takes a lease that is no lease for one more failed request. */
export const noConflict = variant(
  'no-key-conflict',
  patch('redis/translate.ts', "[/\\b(WRONGTYPE|LEASECONFLICT|LEASEMOVED)\\b/, 'KEY_CONFLICT'],", ''),
);

/** Keeps the error that a client made, and all that the client has attached to it. */
export const keepsClientErrors = variant(
  'keeps-client-errors',
  patch('redis/translate.ts', '{ cause: copyOf(error) }', '{ cause: error }'),
  patch('port/errors.ts', 'cause: safeCause(options.cause)', 'cause: options.cause'),
);

/** Takes whatever a record has for a number. */
export const believesAnyNumber = variant(
  'believes-any-number',
  patch('redis/scripts.ts', 'return number and number >= 0', 'do return number or 0 end return number and number >= 0'),
);

/** Takes a suspended machine's clock for right. */
export const uptimeIgnored = variant(
  'suspended-time-uncounted',
  patch('clock/clock.ts', 'suspended += gained;', 'suspended += 0;'),
);

/** Takes each step of the uptime for a suspension. */
export const uptimeBelieved = variant(
  'uptime-believed-reading-by-reading',
  patch(
    'clock/clock.ts',
    'last = read();\n      const gained = offset.gainedBy(last);',
    `const earlier = last;
      last = read();
      const more = last.uptime - earlier.uptime - (last.after - earlier.before);
      const gained = more > resolution ? more : 0;`,
  ),
);

/** Takes an uptime above its bounds for right, whatever the wall clock shows. */
export const uptimeUnconfirmed = variant(
  'uptime-not-confirmed-by-the-wall-clock',
  patch('clock/uptime-offset.ts', 'if (least <= TICK || !isConfirmed) continue;', 'if (least <= TICK) continue;'),
);

/** Leads for as long as the store keeps the lease, by its own clock. */
export const wholeTtl = variant(
  'deadlines-without-margin',
  patch('core/settings.ts', '(ttl * (1 - DRIFT)) / (1 + DRIFT) - RESOLUTION - guard(ttl)', 'ttl'),
);

/** Believes the store's clock. */
export const noReckoning = variant(
  'no-reckoning-of-the-server-clock',
  patch('port/rules/acquire.ts', 'until - Math.min(now, watched?.time ?? now)', 'until - now'),
);

/** Waits for a lease to run out, however far ahead that is. */
export const keepsLongLeases = variant(
  'leases-longer-than-a-ttl',
  patch('port/rules/acquire.ts', 'if (lease.expiresAt <= latest) return entry;', 'if (latest > 0) return entry;'),
);

/** Asks again at once. */
export const waitsForNobody = variant(
  'no-wait-between-attempts',
  patch('core/wait.ts', 'Math.min(settings.wait, within)', 'Math.min(1, within)'),
);

/** Goes on listening after it has left. */
export const keepsListening = variant(
  'listeners-left-behind',
  patch('stream/candidacy.ts', 'this.#notices.unsubscribe();', ''),
);

/** Remembers every candidacy there was. */
export const keepsCandidacies = variant(
  'memories-of-every-candidacy',
  patch(
    'election/live-election.ts',
    'this.#candidacy = candidacy;',
    'this.#candidacy = candidacy; ((globalThis as any).kept ??= []).push(candidacy);',
  ),
);

/** Leaves its timers to ring. */
export const keepsTimers = variant(
  'timers-left-behind',
  patch('stream/alarm.ts', 'this.#timer.unsubscribe();\n    this.bucket?.remove(this);', ''),
);

/** Waits for the named successor, even if it is gone. */
export const waitsForTheNamed = variant(
  'waits-for-the-named',
  patch(
    'core/notice.ts',
    'const grace = isNamed ? 0 : backoff(settings.timeout) + random() * settings.jitter;',
    'const grace = isNamed ? 0 : backoff(settings.timeout) * 1_000 + random() * settings.jitter;',
  ),
);

/** Asks each time that it is told of a release. */
export const followsEveryNotice = variant(
  'follows-every-notice',
  patch(
    'core/notice.ts',
    'Math.max(now, notices.rateLimitedUntil + settings.timeout - burstTolerance(settings))',
    'now',
  ),
);

/** Waits for the lease that it is told of, however long that is. */
export const believesWhatIsTold = variant(
  'believes-what-is-told',
  patch(
    'core/notice.ts',
    'const expiresIn = Math.min(holder.expiresIn, settings.ttl);',
    'const { expiresIn } = holder;',
  ),
  patch(
    'core/notice.ts',
    'const nextAt = Math.min(waiting.nextAt, Math.max(state.nextAt, state.lastSentAt + settings.ttl));',
    'const { nextAt } = waiting;',
  ),
);

/** Does not renew a lease that somebody has cut before it would be due. */
export const ignoresCuts = variant(
  'ignores-cuts',
  patch(
    'core/notice.ts',
    'return handleCut(before, notice, context);',
    'return handleCut(before, notice, context) && before;',
  ),
);

/** Does not ask, told of an election after its own, before it would be due. */
export const ignoresRivals = variant(
  'ignores-rivals',
  patch(
    'core/notice.ts',
    'return handleRival(before, notice.holder, context);',
    'return handleRival(before, notice.holder, context) && before;',
  ),
);

/** Leads when it is told that it does. */
export const leadsByNotice = variant(
  'leads-by-notice',
  patch(
    'core/step.ts',
    'return next(handleNotice(state, event.notice, context));',
    "if (state.phase === 'campaigning' && event.notice.kind === 'elected' && event.notice.holder.id === state.id) { const term = { id: state.id, token: event.notice.holder.token ?? 0, deadline: context.now + context.settings.ttl }; return next({ ...state, phase: 'leading', role: 'leader', renewAt: context.now + context.settings.renewEvery, term } as any, { role: 'leader', term }); }\n      return next(handleNotice(state, event.notice, context));",
  ),
);

/** Needs all stores of a quorum. */
export const unanimous = variant('quorums-of-all', patch('quorum/decide.ts', 'Math.floor(count / 2) + 1', 'count'));

/** Leads with any store of a quorum. */
export const anyStore = variant(
  'quorums-of-one',
  patch('quorum/decide.ts', 'Math.floor(count / 2) + 1', 'Math.min(count, 1)'),
);

/** Leads by a lease whether it is on any replica or not. */
export const noReplicas = variant(
  'no-wait-for-replicas',
  patch(
    'election/replicated.ts',
    "return replicatedStore(storeOfClient('redis', redis, subscriber), redis, rule);",
    "return storeOfClient('redis', redis, subscriber);",
  ),
);
