import type { AcquireRequest, Granted, Notice } from '../../../lib/port/lease-store.js';
import type { Coverage } from '../coverage.js';
import type { EventQueue } from '../event-queue.js';
import type { Exceptions } from '../exceptions.js';
import type { Answer, Call, Connection, LinkObserver, Reply, Request } from '../link.js';
import type { ServerObserver, StoredState } from '../server.js';
import type { Availability } from './availability.js';
import type { BreachLog } from './breach-log.js';
import type { Exit } from './exit.js';
import type { Leadership } from './leadership.js';
import type { OwnLease } from './own-lease.js';
import { isSilence, type RequestHistory } from './request-history.js';
import type { RequestRate } from './request-rate.js';
import type { Terms } from './terms.js';
import type { Tokens } from './tokens.js';

/** Each guarantee's checks, and what they share. */
export interface Checks {
  readonly terms: Terms;
  readonly requests: RequestHistory;
  readonly leadership: Leadership;
  readonly tokens: Tokens;
  readonly ownLease: OwnLease;
  readonly availability: Availability;
  readonly exit: Exit;
  readonly rate: RequestRate;
}

/** Observes requests, answers and notices, and what servers do, and has each guarantee checked. */
export class Traffic implements LinkObserver, ServerObserver {
  readonly #events: EventQueue;
  readonly #exceptions: Exceptions;
  readonly #coverage: Coverage;
  readonly #breaches: BreachLog;
  readonly #checks: Checks;

  constructor(events: EventQueue, exceptions: Exceptions, coverage: Coverage, breaches: BreachLog, checks: Checks) {
    this.#events = events;
    this.#exceptions = exceptions;
    this.#coverage = coverage;
    this.#breaches = breaches;
    this.#checks = checks;
  }

  count(event: string): void {
    this.#breaches.count(event);
  }

  sent(link: Connection, request: Request): void {
    const { machine } = link;
    const user = this.#checks.leadership.userOf(machine);
    this.#checks.rate.sent(machine, user);
    const conduct = this.#checks.requests.of(link);
    this.#breaches.log?.(`${machine.name} sends: ${describe(request)}`);
    conduct.sentAt = this.#events.now;
    conduct.isOpen = true;
    this.#checks.requests.sent(conduct, request);
    if (request.verb === 'acquire' && user) this.#checks.ownLease.acquiring(user, conduct, request.id);
    const released = request.verb === 'release' ? this.#checks.terms.factsOf(request.id) : undefined;
    if (released) this.#checks.exit.releasing(released);
  }

  answered(link: Connection, request: Request, answer: Answer): void {
    const conduct = this.#checks.requests.of(link);
    const outcome = 'reply' in answer ? answer.reply.status : String((answer.error as { code?: unknown }).code);
    this.#breaches.log?.(`${link.machine.name} receives: ${request.verb}: ${outcome}`);
    conduct.outcome = outcome;
    conduct.isByReplica = 'reply' in answer && answer.place === 'replica';
    if ('reply' in answer && answer.place) this.count(`${request.verb} is answered by another ${answer.place}`);
    conduct.isOpen = false;
    if ('reply' in answer) this.#checks.requests.received(conduct, answer.reply, answer.at);
    if (isSilence(outcome) || outcome === 'STORE_REPLY') this.#checks.requests.markUnsettled(conduct, request);
    if ('id' in request && request.verb !== 'acquire' && 'reply' in answer) conduct.unsettled.delete(request.id);
  }

  abandoned(link: Connection, request: Request): void {
    const conduct = this.#checks.requests.of(link);
    if (link.machine.isDead) return;
    this.count(`${request.verb} goes unanswered`);
    this.#breaches.log?.(`${link.machine.name} stops waiting: ${request.verb}`);
    conduct.outcome = 'STORE_TIMEOUT';
    conduct.isOpen = false;
    this.#checks.requests.markUnsettled(conduct, request);
  }

  notified(link: Connection, notice: Notice): void {
    this.#breaches.log?.(`${link.machine.name} receives a notice: ${JSON.stringify(notice)}`);
    this.#checks.leadership.challenged(link.machine, notice, this.#checks.requests.of(link));
  }

  executed(call: Call, before: StoredState, after: StoredState, reply: Reply): void {
    this.#checkExecuted(call, before, after, reply);
    if (isGrant(call.request, before, reply)) {
      this.#excuseUnknowingGrant(call, before);
      this.#elected(call.link, call.request, reply);
    }
    this.#noteWrite(0, before, after, reply);
  }

  /** Observes requests to a quorum, whose answer elects; a single server's answer does not. */
  ofQuorum(): LinkObserver {
    return {
      count: (event) => this.count(event),
      sent: (link, request) => this.sent(link, request),
      answered: (link, request, answer) => {
        if ('reply' in answer && answer.reply.status === 'granted') this.#elected(link, request, answer.reply);
        this.answered(link, request, answer);
      },
      abandoned: (link, request) => this.abandoned(link, request),
      notified: (link, notice) => this.notified(link, notice),
    };
  }

  /**
   * Observes requests of a quorum to one of its servers, which have their own ids.
   * `faulty` is the server's index among those that may lose data or have their clocks set.
   */
  ofMember(faulty: number | undefined): LinkObserver & ServerObserver {
    return {
      count: (event) => this.count(event),
      sent: (link, request) => this.#sentToMember(link, request, faulty),
      answered: (link, request, answer) => this.answered(link, request, answer),
      // A quorum abandons a read once other servers have answered enough.
      abandoned: (link, request) => request.verb !== 'read' && this.abandoned(link, request),
      notified: () => {},
      executed: (call, before, after, reply) => {
        this.#checkExecuted(call, before, after, reply);
        if (faulty === undefined) return;
        if (isGrant(call.request, before, reply)) this.#excuseUnknowingGrant(call, before);
        this.#noteWrite(faulty, before, after, reply);
      },
    };
  }

  #sentToMember(link: Connection, request: Request, faulty: number | undefined): void {
    this.#breaches.log?.(`  ${link.machine.name} sends to a member: ${describe(request)}`);
    const user = this.#checks.leadership.userOf(link.machine);
    const conduct = this.#checks.requests.of(link);
    conduct.server = faulty;
    this.#checks.requests.sent(conduct, request);
    if (request.verb !== 'acquire' || !user) return;
    // A term may add a server under its own id, even after an unknown outcome there.
    if (this.#checks.terms.wasGranted(electionIdOf(request.id))) conduct.unsettled.delete(request.id);
    this.#checks.ownLease.acquiring(user, conduct, request.id);
  }

  #checkExecuted({ request, link }: Call, before: StoredState, after: StoredState, reply: Reply): void {
    const { name } = link.machine;
    this.#breaches.log?.(`  the store: ${describe(request)} of ${name}: ${reply.status}`);
    this.#coverage.executed(request, before, after, reply);
    this.#checks.ownLease.executed(name, request, before, after, reply);
    this.#checks.availability.executed(name, request, before, reply);
    if (reply.status === 'released' && 'id' in request && !this.#checks.terms.factsOf(request.id)) {
      this.count('an acquire of unknown outcome is taken back');
    }
  }

  #noteWrite(server: number, before: StoredState, after: StoredState, { time = 0 }: Reply): void {
    if (after.record?.until === before.record?.until) return;
    this.#checks.requests.recordWritten(server);
    if (after.record?.until) this.#exceptions.wrote(time, server);
  }

  /** A store may grant the lease to a candidate that could not know better. */
  #excuseUnknowingGrant({ request, link }: Call, { record }: StoredState): void {
    const { server } = this.#checks.requests.of(link);
    if (record?.until && this.#exceptions.isBehind(server)) {
      this.count('a lease that a slow clock has written is followed');
    }
    const knowledge = this.#checks.requests.knowledgeOf(link, request);
    const token = this.#checks.requests.tokenKnownTo(request);
    this.#exceptions.granted(request as AcquireRequest, record, knowledge, token, server);
  }

  #elected({ machine: { name } }: Connection, request: Request, { token }: Granted): void {
    if ('id' in request) this.#checks.terms.grant(request.id);
    this.#checks.tokens.granted(name, token);
    this.#checks.leadership.granted(name, token);
  }
}

/** The election's own id, from the id that a quorum's server knows. */
const electionIdOf = (id: string): string => id.replace(/~\d+$/, '');

/** Whether `reply` gives the lease to a candidate that did not have it. */
const isGrant = (request: Request, { lease }: StoredState, reply: Reply): reply is Granted =>
  reply.status === 'granted' && request.verb === 'acquire' && lease !== request.id;

const describe = (request: Request): string => ('id' in request ? `${request.verb} ${request.id}` : request.verb);
