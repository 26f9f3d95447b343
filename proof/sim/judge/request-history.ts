import type { EventQueue } from '../event-queue.js';
import type { Knowledge } from '../exceptions.js';
import type { Connection, Reply, Request } from '../link.js';

/** What is known of the requests of one connection. */
export interface Conduct {
  /** Index of the server among those that may lose data; undefined if that server loses nothing. */
  server: number | undefined;
  /** Ids of attempts with an unknown outcome, and the candidacies in which they were made. */
  readonly unsettled: Map<string, number>;
  /** When the latest answer was made. */
  lastAnswer: number | undefined;
  /** The highest token that was received. */
  token: number;
  /** What was received around the latest write of the record. */
  knowledge: Knowledge;
  /** The outcome of the latest request: a status or an error code. */
  outcome: string | undefined;
  /** Whether a replica made that answer. */
  isByReplica: boolean;
  /** When the latest request was sent, and whether its answer is still awaited. */
  sentAt: number;
  isOpen: boolean;
  /** In which candidacy each id was first used. */
  readonly ids: Map<string, number>;
}

/** Whether the outcome leaves open what became of the request, and whether the server is there. */
export const isSilence = (outcome: string | undefined): boolean =>
  outcome === 'STORE_UNAVAILABLE' || outcome === 'STORE_TIMEOUT';

/** Remembers what each candidate sent and received, and when the record was written. */
export class RequestHistory {
  readonly #conduct = new Map<Connection, Conduct>();
  /** What the sender knew when it sent a request, which may be carried out long after. */
  readonly #knownBefore = new WeakMap<Request, Pick<Conduct, 'lastAnswer' | 'token'>>();
  /** When the record's `until` was last written, by server that may lose it. */
  readonly #written = new Map<number, number | undefined>();
  readonly #events: EventQueue;

  constructor(events: EventQueue) {
    this.#events = events;
  }

  of(link: Connection): Conduct {
    const known = this.#conduct.get(link);
    if (known) return known;
    const conduct: Conduct = {
      server: 0,
      lastAnswer: undefined,
      token: 0,
      knowledge: { written: undefined, before: undefined, since: undefined },
      outcome: undefined,
      isByReplica: false,
      sentAt: 0,
      isOpen: false,
      unsettled: new Map(),
      ids: new Map(),
    };
    this.#conduct.set(link, conduct);
    return conduct;
  }

  sent({ lastAnswer, token }: Conduct, request: Request): void {
    this.#knownBefore.set(request, { lastAnswer, token });
  }

  /** `at` is when the reply was made, which is the time that the reply contains. */
  received(conduct: Conduct, { token = 0 }: Reply, at: number): void {
    conduct.token = Math.max(conduct.token, token);
    const written = this.#writtenBy(conduct);
    if (conduct.knowledge.written !== written) {
      conduct.knowledge = { written, before: conduct.lastAnswer, since: at };
    }
    conduct.lastAnswer = at;
  }

  markUnsettled({ unsettled, ids }: Conduct, request: Request): void {
    if (request.verb === 'acquire') unsettled.set(request.id, ids.get(request.id) ?? 0);
  }

  /** What was known on `link` when `request` was sent. */
  knowledgeOf(link: Connection, request: Request): Knowledge {
    const conduct = this.of(link);
    const written = this.#writtenBy(conduct);
    const before = this.#knownBefore.get(request)?.lastAnswer;
    const isSince = before !== undefined && written !== undefined && before > written;
    const isCurrent = isSince && conduct.knowledge.written === written;
    return isCurrent ? conduct.knowledge : { written, before, since: undefined };
  }

  /** The highest token that the sender of `request` knew. */
  tokenKnownTo(request: Request): number {
    return this.#knownBefore.get(request)?.token ?? 0;
  }

  recordWritten(server: number): void {
    this.#written.set(server, this.#events.now);
  }

  /** When the record of `server` was last written. */
  writtenAt(server: number): number | undefined {
    return this.#written.get(server);
  }

  /** The data of `server` is again what was written at `time`. */
  revert(server: number, time: number | undefined): void {
    this.#written.set(server, time);
  }

  #writtenBy({ server }: Conduct): number | undefined {
    return server === undefined ? undefined : this.#written.get(server);
  }
}
