import type { Observable } from 'rxjs';

/** The keys and arguments of a script call. */
export interface ScriptOptions {
  readonly keys: string[];
  readonly arguments: string[];
}

/** A command that its client refused before writing it. It cannot have taken effect. */
export class NotSent extends Error {
  constructor(cause: unknown) {
    super('The command was not sent', { cause });
  }
}

/** An event emitter. */
export interface Emitter {
  // biome-ignore lint/suspicious/noExplicitAny: each client has its own event types
  on(event: any, listener: (...args: any[]) => void): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  off(event: any, listener: (...args: any[]) => void): unknown;
}

/** Receives the messages of a channel. */
export interface MessageListener {
  onMessage(text: string): void;
}

/** A connection that receives messages, until it is lost. */
export interface SubscriberConnection {
  /**
   * Resolves once `listener` receives the messages of `channel`. Rejects if Redis refuses. May
   * never settle. Only the last listener of a channel receives its messages.
   */
  subscribe(channel: string, listener: MessageListener): Promise<unknown>;
  /** Unsubscribes from `channel`. Its listener receives nothing more, even if Redis refuses. */
  unsubscribe(channel: string): void;
  /**
   * Settles once the server has replied, also with a refusal. Never settles if the connection
   * hangs.
   */
  ping(): Promise<unknown>;
  /** Closes the connection as if it had been lost. */
  drop(): void;
}

/** A connection of our own to one server, for writes and WAIT. It never reconnects by itself. */
export interface CommandConnection {
  /**
   * Calls a script by its hash. The calls of one turn of the event loop, {@link wait} included, are
   * sent in order, on one socket, and at most once.
   */
  evalSha(sha: string, options: ScriptOptions): Promise<unknown>;
  /** Calls a script by its text. */
  eval(script: string, options: ScriptOptions): Promise<unknown>;
  /**
   * Resolves with the number of replicas that have the writes of this connection, once `count` of
   * them do, or after `timeout` ms. The connection is blocked meanwhile.
   */
  wait(count: number, timeout: number): Promise<unknown>;
}

/** Opens command connections. */
export interface CommandConnections {
  /** The client's name for the server of `lease`; undefined while the client knows none. */
  serverOf(lease: string): string | undefined;
  /** Opens a connection to `server`, in the same way as {@link ClientAdapter.openSubscriber}. */
  open(server: string): Observable<CommandConnection>;
}

/** One interface to the clients of all libraries and topologies. */
export interface ClientAdapter {
  /** Emits the client's `error` and the events of its connections. */
  readonly emitter: Emitter;
  /** The events of a new connection or a reconnection. */
  readonly readyEvents: readonly string[];
  /** The prefix that the client puts before each key of a script; mostly empty. */
  readonly prefix: string;
  /** The number of the current database; undefined if the client does not tell. */
  readonly database: string | undefined;
  /** Its servers: one at a time, or several that share the slots. */
  readonly serves: 'one' | 'slots';
  /** Whether commands are written at once, not queued; undefined if the client does not tell. */
  readonly isReady: boolean | undefined;
  /**
   * Calls a script by its hash. `signal` cancels a call that is not sent yet, if the client can.
   */
  evalSha(sha: string, options: ScriptOptions, signal: AbortSignal): Promise<unknown>;
  /** Calls a script by its text. */
  eval(script: string, options: ScriptOptions, signal: AbortSignal): Promise<unknown>;
  /**
   * Calls a script once on the server of its keys, and rejects with the error of that server. Only
   * for a client that retries refused calls by itself without reporting them.
   */
  readonly evalShaOnce?: (sha: string, options: ScriptOptions) => Promise<unknown>;
  /**
   * Makes one attempt to open a subscriber connection. Emits it once it can be used. Completes when
   * it is lost or could not be opened. Closes it on unsubscription. Absent if the client cannot be
   * duplicated.
   */
  readonly openSubscriber?: () => Observable<SubscriberConnection>;
  /** The connections for WAIT. Absent if the client cannot be duplicated. */
  readonly commandConnections?: CommandConnections;
}
