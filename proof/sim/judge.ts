import type { Term, Transition } from 'rx-leader';
import type { LeaseRecord } from 'rx-leader/testing';
import type { AcquireRequest, Granted, Notice, RenewRequest } from '../../lib/port/lease-store.js';
import { Checker, type Span } from '../checker.js';
import type { Coverage } from './coverage.js';
import type { EventQueue } from './event-queue.js';
import type { Exceptions, Knowledge } from './exceptions.js';
import type { Answer, Call, Connection, LinkObserver, Reply, Request } from './link.js';
import type { Host, Machine } from './machine.js';
import type { Neighbour } from './neighbour.js';
import type { ServerObserver } from './server.js';
import type { User } from './user.js';

/** A promise that was broken. `rule`: a guarantee, or what the contract says besides. */
export interface Breach {
  readonly rule: string;
  readonly at: number;
  readonly text: string;
}

/** What is known of a term. */
interface Facts {
  readonly user: User;
  readonly term: Term;
  /** Leader-only work by `whileLeader`. */
  working: boolean;
  /** Work given to `waitUntil` that has not settled. */
  pending: number;
  /** By its machine's clock, when a voluntary exit began in good time. */
  exitAt: number | undefined;
  /** When it was seen, or said, to be over. */
  overAt: number | undefined;
}

/** What is known of an election's requests. */
interface Conduct {
  /** Which of the servers that may lose what they were told it is about; undefined where that server loses nothing. */
  server: number | undefined;
  /** Ids of attempts whose outcome it does not know, and in which of its candidacies they were made. */
  readonly unsettled: Map<string, number>;
  /** When the answer was made that it heard last; and around the last writing of the record that it has heard of. */
  lastAnswer: number | undefined;
  /** The highest token it was told of. */
  token: number;
  heard: Knowledge;
  /** What came of its last request. */
  verdict: string | undefined;
  /** Whether a replica has answered that. */
  isByReplica: boolean;
  /** When that was sent, and whether it is still waited for. */
  sentAt: number;
  isOpen: boolean;
  /** In which candidacy each id was first used. */
  readonly ids: Map<string, number>;
}

/** Whether that says nothing of what became of the request, nor whether anybody hears. */
const isSilence = (verdict: string | undefined): boolean =>
  verdict === 'STORE_UNAVAILABLE' || verdict === 'STORE_TIMEOUT';

const NOTHING_HEARD: Knowledge = { written: undefined, before: undefined, since: undefined };

/** Looks at everything that happens in a world, by true time, and objects to what breaks a promise. */
export class Judge implements LinkObserver, ServerObserver {
  /** Set where something may be waiting to go on in a microtask. */
  hasMicrotasks = false;
  /** The highest token that was granted. */
  highest = 0;
  /** Told of all that is worth telling, where there is somebody to listen. */
  log: ((text: string) => void) | undefined;
  readonly #events: EventQueue;
  readonly #ttl: number;
  readonly #asked = new Map<string, number[]>();
  /** ms within which a machine that was suspended notices. */
  readonly #notices: number;
  readonly #exceptions: Exceptions;
  readonly #coverage: Coverage;
  readonly #checker: Checker;
  readonly #users = new Map<Host, User>();
  readonly #neighbours = new Map<Machine, readonly Neighbour[]>();
  readonly #terms = new Map<string, Facts>();
  readonly #grants = new Map<string, number>();
  readonly #conduct = new Map<Connection, Conduct>();
  readonly #wrongs: Breach[] = [];
  /** Told late that they do not lead any more, unless there is an excuse for that. */
  readonly #tardy: Array<{ readonly older: Span; readonly newer: Span; readonly at: number }> = [];
  #contested = false;
  /** What its sender had heard when an attempt was sent: when the last answer was made, and the highest token. It may be carried out long after. */
  readonly #knownBefore = new WeakMap<Request, Pick<Conduct, 'lastAnswer' | 'token'>>();
  /** When the record's `until` was written last, by each server that may lose it. */
  readonly #written = new Map<number, number | undefined>();

  constructor(events: EventQueue, ttl: number, exceptions: Exceptions, coverage: Coverage) {
    this.#events = events;
    this.#ttl = ttl;
    this.#notices = ttl / 20;
    this.#exceptions = exceptions;
    this.#coverage = coverage;
    this.#checker = new Checker((older, newer) => exceptions.excuse(older, newer));
  }

  report(rule: string, text: string): void {
    this.log?.(`WRONG (${rule}): ${text}`);
    this.#wrongs.push({ rule, at: this.#events.now, text });
  }

  count(sight: string): void {
    this.#coverage.count(sight);
  }

  expectMicrotasks(): void {
    this.hasMicrotasks = true;
  }

  /** All that is wrong with what has happened so far. */
  get breaches(): Breach[] {
    const tardy = this.#tardy.filter(({ older, newer }) => !this.#exceptions.excuse(older, newer));
    return [
      ...this.#checker.violations.map(({ rule, text }) => ({
        rule: RULES[rule],
        at: this.#events.now,
        text: `${rule}: ${text}`,
      })),
      ...tardy.map(({ older, newer, at }) => ({
        rule: 'G2',
        at,
        text: `${older.who} has yet to be told that its term ${older.token} is over when ${newer.who} is granted ${newer.token}`,
      })),
      ...this.#wrongs,
    ];
  }

  get terms(): number {
    return this.#terms.size;
  }

  // What users do and hear.

  addUser(user: User): void {
    this.#users.set(user.machine, user);
  }

  /** Another election of a process. */
  addNeighbour(machine: Machine, neighbour: Neighbour): void {
    this.#neighbours.set(machine, [...(this.#neighbours.get(machine) ?? []), neighbour]);
  }

  joined(user: User): void {
    this.log?.(`${user.machine.name} stands`);
  }

  /** A voluntary exit begins. */
  leaving(user: User): void {
    const { term, machine, election } = user;
    const facts = term && this.#terms.get(term.id);
    this.log?.(`${machine.name} leaves${term ? ` its term ${term.token}` : ''}`);
    if (facts && facts.exitAt === undefined && election.isLeading) facts.exitAt = machine.clock.now();
  }

  resigned(user: User, cooldown: number): void {
    const { drain, timeout } = user.options;
    user.coolingUntil = this.#events.now + 1.02 * (drain + timeout + cooldown);
  }

  left(user: User): void {
    this.#checker.left(user.machine.name);
  }

  received(user: User, transition: Transition): void {
    const { role } = transition;
    const { name } = user.machine;
    const why =
      role === 'leader' ? transition.term.token : role === 'error' ? transition.error.code : transition.reason;
    this.log?.(`${name} is told ${role} (${why})`);
    this.count(role === 'leader' ? 'role leader' : `role ${role}/${why}`);
    this.#checker.role(name, role, this.#events.now);
    if (role === 'follower' && transition.reason === 'lost') this.#mayHaveLost(user);
    if (role === 'follower' && transition.reason === 'standby') this.#mayStandBy(user);
    if (user.style.loop) this.expectMicrotasks(); // what its loop waits for has come
    if (role === 'leader') {
      const { term } = transition;
      if (!this.#terms.has(term.id)) {
        this.#terms.set(term.id, {
          user,
          term,
          working: false,
          pending: 0,
          exitAt: undefined,
          overAt: undefined,
        });
      }
    } else if (user.term) {
      this.#over(user.term);
    }
    this.check(user);
  }

  /** Nobody stands by at a replica, where it could never lead. */
  #mayStandBy({ link, machine: { name } }: User): void {
    if (this.#conduct.get(link)?.isByReplica) this.report('G5', `${name} is told that it stands by, at a replica`);
  }

  /** A term is lost by the word of the store alone: what goes wrong on the way there is tried again. */
  #mayHaveLost({ link, machine: { name } }: User): void {
    const verdict = this.#conduct.get(link)?.verdict;
    if (verdict === 'lost' || verdict === 'KEY_CONFLICT') return;
    this.report('G5', `${name} takes its term for lost after ${verdict}`);
  }

  workStarted(user: User, { id, token }: Term): void {
    const facts = this.#terms.get(id);
    if (!facts) {
      this.report('contract', `work of ${user.machine.name} begins before it is told of its term ${token}`);
      return;
    }
    facts.working = true;
    if (facts.overAt !== undefined)
      this.report('G2', `work of ${user.machine.name} begins when its term ${token} is over`);
  }

  workStopped({ id }: Term): void {
    const facts = this.#terms.get(id);
    if (facts) facts.working = false;
  }

  /** Work that a voluntary exit is to wait for. */
  trackWork(term: Term, promise: Promise<void>): Promise<void> {
    const facts = this.#terms.get(term.id);
    if (facts) facts.pending += 1;
    return promise.then(() => {
      if (facts) facts.pending -= 1;
    });
  }

  // What processes do.

  resumed({ hosts }: Machine): void {
    for (const seat of hosts) this.#woke(seat);
  }

  #woke(machine: Host): void {
    const user = this.#users.get(machine);
    if (!user) return;
    // Who leads as far as it was told, and does not by its clock: whatever comes next, it must say so first.
    if (user.term && !user.election.isLeading) this.#checker.woke(machine.name, this.#events.now, this.#events.now);
    this.check(user);
  }

  ranCallback(machine: Machine): void {
    for (const seat of machine.hosts) {
      const user = this.#users.get(seat);
      if (user) this.check(user);
    }
    for (const neighbour of this.#neighbours.get(machine) ?? []) neighbour.check();
    if (!this.#checker.isContested) return;
    if (!this.#contested) this.log?.('TWO CLAIMS CONTRADICT EACH OTHER');
    this.#contested = true;
    this.checkAll();
  }

  /** Whether `user` takes itself for the leader at this instant. */
  check(user: User): void {
    const { machine, election } = user;
    if (!machine.isRunning) return;
    if (!election.isLeading) {
      if (user.term) this.#over(user.term);
      return;
    }
    const { name } = machine;
    const term = election.term as Term;
    const facts = this.#terms.get(term.id);
    if (facts?.overAt !== undefined) this.report('G4', `the term ${term.token} of ${name} was over, and goes on`);
    this.#checker.claim(name, term.token, this.#events.now);
    this.#checker.acted(name, 'isLeading');
  }

  checkAll(): void {
    for (const user of this.#users.values()) this.check(user);
  }

  /** When the store granted `term`. */
  grantedAt({ id }: Term): number {
    return this.#grants.get(id) ?? 0;
  }

  /** Whether `term` was over before this instant. */
  wasOver({ id }: Term): boolean {
    return (this.#terms.get(id)?.overAt ?? this.#events.now) < this.#events.now;
  }

  #over({ id }: Term): void {
    const facts = this.#terms.get(id);
    if (facts) facts.overAt ??= this.#events.now;
  }

  // What goes to and fro.

  sent(link: Connection, request: Request): void {
    const { machine } = link;
    const user = this.#users.get(machine);
    this.#count(machine, user ? mostOf(user.options) : Number.POSITIVE_INFINITY);
    const conduct = this.#conductOf(link);
    this.log?.(`${machine.name} asks: ${describe(request)}`);
    conduct.sentAt = this.#events.now;
    conduct.isOpen = true;
    this.#isAsked(conduct, request);
    if (request.verb === 'acquire' && user) this.#mayAcquire(user, conduct, request.id);
    if (request.verb === 'release') this.#mayRelease(request.id);
  }

  /** What an election asks of a quorum, which elects by its answer: what its servers do is none yet. */
  ofQuorum(): LinkObserver {
    return {
      count: (sight) => this.count(sight),
      sent: (link, request) => this.sent(link, request),
      answered: (link, request, answer) => {
        if ('reply' in answer && answer.reply.status === 'granted') this.#isElected(link, request, answer.reply);
        this.answered(link, request, answer);
      },
      abandoned: (link, request) => this.abandoned(link, request),
      notified: (link, notice) => this.notified(link, notice),
    };
  }

  /** What a quorum asks of one of its servers, under ids of its own. `faulty`: which of those that may lose what they were told, or have their clocks set. */
  ofMember(faulty: number | undefined): LinkObserver & ServerObserver {
    return {
      count: (sight) => this.count(sight),
      sent: (link, request) => {
        this.log?.(`  ${link.machine.name} asks one: ${describe(request)}`);
        const user = this.#users.get(link.machine);
        const conduct = this.#conductOf(link);
        conduct.server = faulty;
        this.#isAsked(conduct, request);
        if (request.verb !== 'acquire' || !user) return;
        // A term takes one more server under its own id, whatever it may hold there unheard.
        if (this.#grants.has(nameOf(request.id))) conduct.unsettled.delete(request.id);
        this.#mayAcquire(user, conduct, request.id);
      },
      answered: (link, request, answer) => this.answered(link, request, answer),
      // A look is given up as soon as others have told enough.
      abandoned: (link, request) => request.verb !== 'read' && this.abandoned(link, request),
      notified: () => {},
      executed: (call, before, after, reply) => {
        this.#carriedOut(call, before, after, reply);
        if (faulty === undefined) return;
        if (isGrant(call.request, before, reply)) this.#isGrantedBy(call, before);
        this.#isWritten(faulty, before, after, reply);
      },
    };
  }

  #isAsked({ lastAnswer, token }: Conduct, request: Request): void {
    this.#knownBefore.set(request, { lastAnswer, token });
  }

  #conductOf(link: Connection): Conduct {
    const known = this.#conduct.get(link);
    if (known) return known;
    const nothing = {
      server: 0,
      lastAnswer: undefined,
      token: 0,
      heard: NOTHING_HEARD,
      verdict: undefined,
      isByReplica: false,
    };
    const conduct = { ...nothing, sentAt: 0, isOpen: false, unsettled: new Map(), ids: new Map() };
    this.#conduct.set(link, conduct);
    return conduct;
  }

  /** However much is told and refused, nobody asks in a flood. */
  #count({ name }: Host, most: number): void {
    const { now } = this.#events;
    const times = this.#asked.get(name) ?? [];
    this.#asked.set(name, times);
    times.push(now);
    while ((times[0] as number) < now - this.#ttl) times.shift();
    if (times.length === most) this.report('contract', `${name} has asked ${times.length} times within a ttl`);
  }

  answered(link: Connection, request: Request, answer: Answer): void {
    const conduct = this.#conductOf(link);
    const verdict = 'reply' in answer ? answer.reply.status : String((answer.error as { code?: unknown }).code);
    this.log?.(`${link.machine.name} hears: ${request.verb}: ${verdict}`);
    conduct.verdict = verdict;
    conduct.isByReplica = 'reply' in answer && answer.place === 'replica';
    if ('reply' in answer && answer.place) this.count(`${request.verb} is answered by another ${answer.place}`);
    conduct.isOpen = false;
    if ('reply' in answer) this.#answered(conduct, answer.reply, answer.at);
    if (isSilence(verdict) || verdict === 'STORE_REPLY') this.#isUnsettled(conduct, request);
    if ('id' in request && request.verb !== 'acquire' && 'reply' in answer) conduct.unsettled.delete(request.id);
  }

  abandoned(link: Connection, request: Request): void {
    const conduct = this.#conductOf(link);
    if (link.machine.isDead) return;
    this.count(`${request.verb} goes unanswered`);
    this.log?.(`${link.machine.name} waits no longer: ${request.verb}`);
    conduct.verdict = 'STORE_TIMEOUT';
    conduct.isOpen = false;
    this.#isUnsettled(conduct, request);
  }

  /** Who leads and hears what calls its lease in question, a cut or a later election, asks soon whether it has it still. */
  notified(link: Connection, notice: Notice): void {
    const { machine } = link;
    this.log?.(`${machine.name} hears a notice: ${JSON.stringify(notice)}`);
    const user = this.#users.get(machine);
    const term = user?.term;
    if (!user || !term || !isChallenge(notice, term)) return;
    const leadsOn = () =>
      user.term === term && user.election.isLeading && this.#terms.get(term.id)?.exitAt === undefined;
    if (!leadsOn()) return;
    this.count('a lease is called in question');
    const { now } = this.#events;
    const conduct = this.#conductOf(link);
    const { timeout } = user.options;
    const within = (conduct.isOpen ? timeout : 0) + timeout / 4 + this.#notices;
    this.#events.after(within, () => {
      if (!leadsOn() || !machine.isRunning || machine.resumedAt > now || conduct.sentAt >= now) return;
      this.report('G1', `${machine.name} does not ask whether its term ${term.token} is over, told ${notice.kind}`);
    });
  }

  #isUnsettled({ unsettled, ids }: Conduct, request: Request): void {
    if (request.verb === 'acquire') unsettled.set(request.id, ids.get(request.id) ?? 0);
  }

  executed(call: Call, before: StoredState, after: StoredState, reply: Reply): void {
    this.#carriedOut(call, before, after, reply);
    if (isGrant(call.request, before, reply)) {
      this.#isGrantedBy(call, before);
      this.#isElected(call.link, call.request, reply);
    }
    this.#isWritten(0, before, after, reply);
  }

  #isWritten(server: number, before: StoredState, after: StoredState, { time = 0 }: Reply): void {
    if (after.record?.until === before.record?.until) return;
    this.#written.set(server, this.#events.now);
    if (after.record?.until) this.#exceptions.wrote(time, server);
  }

  /** A store grants the lease to one who may not be able to know better. */
  #isGrantedBy({ request, link }: Call, { record }: StoredState): void {
    const { token = 0 } = this.#knownBefore.get(request) ?? {};
    const { server } = this.#conductOf(link);
    if (record?.until && this.#exceptions.isBehind(server))
      this.count('a lease that a slow clock has written is followed');
    this.#exceptions.granted(request as AcquireRequest, record, this.#heardBy(link, request), token, server);
  }

  #isElected({ machine }: Connection, request: Request, { token }: Granted): void {
    if ('id' in request) this.#grants.set(request.id, this.#events.now);
    this.#granted(machine.name, token);
  }

  #carriedOut({ request, link }: Call, before: StoredState, after: StoredState, reply: Reply): void {
    const { name } = link.machine;
    this.log?.(`  the store: ${describe(request)} of ${name}: ${reply.status}`);
    this.#coverage.executed(request, before, after, reply);
    const others = 'id' in request && before.lease !== request.id ? before.lease : undefined;
    if (others !== undefined && reply.status === 'granted')
      this.report('G1', `${name} is granted the lease of ${others}`);
    if (others !== undefined && reply.status === 'renewed') this.report('G4', `${name} renews the lease of ${others}`);
    if (request.verb === 'renew' && before.lease === undefined && reply.status === 'lost') {
      this.#mayBeLost(name, request, before);
    }
    if (request.verb === 'renew' && before.lease === undefined && reply.status === 'renewed') {
      this.#mayPutBack(name, request, before);
    }
    if (others !== undefined && request.verb === 'release' && after.lease === undefined)
      this.report('G4', `${name} releases the lease of ${others}`);
    if (reply.status === 'released' && 'id' in request && !this.#terms.has(request.id)) {
      this.count('an acquire of unknown outcome is taken back');
    }
  }

  /** A lease that has vanished is not lost to who has it still, unless it was given up or a later term has begun. */
  #mayBeLost(name: string, { id, token }: RenewRequest, { record }: StoredState): void {
    const isOver = record !== undefined && (record.token > token || (record.id === id && record.until === 0));
    if (!isOver) this.report('G5', `${name} takes ${token} for lost, though it might put it back`);
  }

  /** A lease that has vanished is put back by who has it still: under its own token, and unless it was given up. */
  #mayPutBack(name: string, { id, token }: RenewRequest, { record }: StoredState): void {
    if (record && record.token > token)
      this.report('G4', `${name} puts ${token} back, though ${record.token} came after it`);
    if (record?.id === id && record.until === 0) this.report('G4', `${name} puts ${token} back, which it had released`);
  }

  /** `at`: when the reply was made, which is the time that it tells. */
  #answered(conduct: Conduct, { token = 0 }: Reply, at: number): void {
    conduct.token = Math.max(conduct.token, token);
    const written = this.#writtenBy(conduct);
    if (conduct.heard.written !== written) conduct.heard = { written, before: conduct.lastAnswer, since: at };
    conduct.lastAnswer = at;
  }

  /** What was known on `link` when `request` was sent. */
  #heardBy(link: Connection, request: Request): Knowledge {
    const conduct = this.#conductOf(link);
    const written = this.#writtenBy(conduct);
    const before = this.#knownBefore.get(request)?.lastAnswer;
    const isSince = before !== undefined && written !== undefined && before > written;
    return isSince && conduct.heard.written === written ? conduct.heard : { written, before, since: undefined };
  }

  /** When the record of `server` was written last. */
  writtenAt(server: number): number | undefined {
    return this.#written.get(server);
  }

  /** What `server` has is again what was written at `time`. */
  goesBack(server: number, time: number | undefined): void {
    this.#written.set(server, time);
  }

  #writtenBy({ server }: Conduct): number | undefined {
    return server === undefined ? undefined : this.#written.get(server);
  }

  #granted(name: string, token: number): void {
    if (token <= this.highest && !this.#exceptions.mayLowerTokens && !this.#exceptions.mayBeOutdated(name)) {
      this.report('G3', `${name} is granted the token ${token} after ${this.highest}`);
    }
    this.highest = Math.max(this.highest, token);
    const { now } = this.#events;
    for (const { machine, term } of this.#users.values()) {
      // One that has just begun to run again has a moment to notice.
      if (!term || machine.name === name || !machine.isRunning || now - machine.resumedAt < this.#notices) continue;
      const older = { who: machine.name, token: term.token, first: this.grantedAt(term), last: now };
      this.#tardy.push({ older, newer: { who: name, token, first: now, last: now }, at: now });
    }
    this.checkAll();
  }

  /** Another library has the lease from now on, by the store alone: nobody leads, or has yet to be told that it does not. */
  takenByPeer(peer: string): void {
    this.log?.(`${peer} takes the lease`);
    this.count('a go-leader peer takes the lease');
    const { now } = this.#events;
    for (const { machine, election, term } of this.#users.values()) {
      const { name } = machine;
      if (!machine.isRunning) continue;
      if (election.term)
        this.report('G1', `${name} leads, by its term ${election.term.token}, when ${peer} takes the lease`);
      else if (term && now - machine.resumedAt >= this.#notices)
        this.report(
          'G2',
          `${name} has yet to be told that its term ${term.token} is over when ${peer} takes the lease`,
        );
    }
  }

  /** Nothing is acquired while nobody answers, nor before what may have been acquired unheard in the same candidacy is taken back. */
  #mayAcquire({ machine: { name }, candidacies }: User, { verdict, unsettled, ids }: Conduct, id: string): void {
    if (!ids.has(id)) ids.set(id, candidacies);
    if (isSilence(verdict)) this.report('G4', `${name} acquires in the dark`);
    for (const [other, stand] of unsettled) {
      if (stand === ids.get(id)) this.report('G4', `${name} acquires before ${other} is taken back`);
    }
  }

  /** A voluntary exit gives its lease up only when the work has stopped, or has had its time. */
  #mayRelease(id: string): void {
    const facts = this.#terms.get(id);
    if (!facts) return;
    const { user, term, working, pending, exitAt } = facts;
    const { name, clock } = user.machine;
    if (working) this.report('G7', `${name} gives up its term ${term.token} while its work goes on`);
    if (!term.signal.aborted) this.report('G7', `${name} gives up its term ${term.token} before its signal aborts`);
    if (pending > 0 && exitAt !== undefined && clock.now() < exitAt + user.options.drain - 1) {
      this.report('G7', `${name} gives up its term ${term.token} before the work it was to wait for has settled`);
    }
  }
}

const isChallenge = (notice: Notice, { id, token }: Term): boolean =>
  (notice.kind === 'cut' && notice.id === id) ||
  (notice.kind === 'elected' && notice.holder.id !== id && (notice.holder.token ?? 0) > token);

/** What the store keeps of the election. */
export interface StoredState {
  readonly lease: string | undefined;
  readonly record: LeaseRecord | undefined;
}

/** The candidate's own id, of one that a quorum knows it by. */
const nameOf = (id: string): string => id.replace(/~\d+$/, '');

/** Whether `reply` gives the lease to who did not have it. */
const isGrant = (request: Request, { lease }: StoredState, reply: Reply): reply is Granted =>
  reply.status === 'granted' && request.verb === 'acquire' && lease !== request.id;

/** Requests of one candidate within a ttl that are too many: failures are repeated after a quarter of a timeout. */
const mostOf = ({ ttl, timeout }: User['options']): number => Math.ceil((6 * ttl) / timeout) + 60;

const RULES = {
  'two leaders': 'G1',
  'older token after newer': 'G1',
  'same token twice': 'G3',
  'order of roles': 'contract',
  'first word on waking': 'G2',
} as const;

function describe(request: Request): string {
  return 'id' in request ? `${request.verb} ${request.id}` : request.verb;
}
