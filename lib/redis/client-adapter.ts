import type { Observable } from 'rxjs';

/** How a script is called. */
export interface ScriptOptions {
  readonly keys: string[];
  readonly arguments: string[];
}

/** A command that its client has refused before anything of it was written: it cannot have taken effect. */
export class NotSent extends Error {
  constructor(cause: unknown) {
    super('The command was not sent', { cause });
  }
}

/** What tells events. */
export interface Emitter {
  // biome-ignore lint/suspicious/noExplicitAny: each client types its events its own way
  on(event: any, listener: (...args: any[]) => void): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  off(event: any, listener: (...args: any[]) => void): unknown;
}

/** Who is told what is published on a channel. */
export interface MessageListener {
  onMessage(text: string): void;
}

/** A connection that is there to listen, while it lasts. */
export interface SubscriberConnection {
  /**
   * Resolves once `listener` is told what is published on `channel`; rejects where Redis refuses. It may as well never settle. One who listens at a
   * time: the last.
   */
  subscribe(channel: string, listener: MessageListener): Promise<unknown>;
  /** Leaves `channel`: nothing of it is heard any more. Refused, nothing follows from it: whoever listened does so no more. */
  unsubscribe(channel: string): void;
  /** Settles once the server has answered, be it that it refuses; never where the connection hangs. */
  ping(): Promise<unknown>;
  /** Gives the connection up, as if it had been lost. */
  drop(): void;
}

/** A connection of our own to one server, to write by and to ask what its replicas have, while it lasts. It never comes back by itself. */
export interface CommandConnection {
  /** Calls a script by its hash. What is called in one turn, {@link wait} included, goes out in that order, by one socket, and once at most. */
  evalSha(sha: string, options: ScriptOptions): Promise<unknown>;
  /** Calls a script by its text. */
  eval(script: string, options: ScriptOptions): Promise<unknown>;
  /**
   * How many replicas have what was written by this connection: answered once `count` of them do, or after `timeout` ms. The connection is of
   * no other use meanwhile.
   */
  wait(count: number, timeout: number): Promise<unknown>;
}

/** What opens wires. */
export interface CommandConnections {
  /** The server that `lease` is on, by a name of the client's; undefined while the client knows of none. */
  serverOf(lease: string): string | undefined;
  /** Opens a wire to `server`: as {@link ClientAdapter.openSubscriber} does a link. */
  open(server: string): Observable<CommandConnection>;
}

/** What the library needs of a client, whichever library has made it and whatever is behind it. */
export interface ClientAdapter {
  /** Where the client's `error` comes from, and what tells of connections. */
  readonly emitter: Emitter;
  /** The events that tell of a connection which has come, or come back. */
  readonly readyEvents: readonly string[];
  /** What the client puts before each key that a script is called with; empty mostly. */
  readonly prefix: string;
  /** The number of the database that commands go to now; undefined where the client does not tell. */
  readonly database: string | undefined;
  /** What is behind it: one server at a time, or several, among which keys are divided by their slots. */
  readonly serves: 'one' | 'slots';
  /** Whether commands are written at once rather than queued for a connection to come; undefined where the client does not say. */
  readonly isReady: boolean | undefined;
  /** Calls a script by its hash. A call that still waits for its connection dies with `signal`, as far as the client lets it. */
  evalSha(sha: string, options: ScriptOptions, signal: AbortSignal): Promise<unknown>;
  /** Calls a script by its text. */
  eval(script: string, options: ScriptOptions, signal: AbortSignal): Promise<unknown>;
  /**
   * Calls a script once at the server that has the slot of its keys, and rejects with what that one says: for a client that repeats a refused call
   * by itself, and says nothing of it. Absent where calls say it themselves.
   */
  readonly evalShaOnce?: (sha: string, options: ScriptOptions) => Promise<unknown>;
  /**
   * Opens a connection to listen by: emits its {@link SubscriberConnection} when it can be used, completes when it is gone or could not be had, whatever the
   * reason, and is closed on unsubscription. One attempt: when to make another is for the caller to say. Absent where the client makes none.
   */
  readonly openSubscriber?: () => Observable<SubscriberConnection>;
  /** Where replicas can be waited for. Absent where the client makes no connection for that. */
  readonly commandConnections?: CommandConnections;
}
