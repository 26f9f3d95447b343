/** How a script is called: node-redis's form. */
export interface ScriptOptions {
  keys: string[];
  arguments: string[];
}

/**
 * What the library needs of a Redis client, structurally: whatever node-redis makes fits, whichever RESP version, modules or type
 * mapping it was made with, and none is imported. Ask for a connected client with an `error` listener of your own.
 */
export interface RedisClient {
  eval(script: string, options: ScriptOptions): Promise<unknown>;
  evalSha(sha: string, options: ScriptOptions): Promise<unknown>;
  /** biome-ignore lint/suspicious/noExplicitAny: each client types its events its own way. */
  on(event: any, listener: (...args: any[]) => void): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  off(event: any, listener: (...args: any[]) => void): unknown;
  /** Whether `connect` has been called and `close` or `destroy` has not. */
  readonly isOpen: boolean;
  /** Whether commands are written at once rather than queued for a connection to come. Not every client says. */
  readonly isReady?: boolean;
}

/** The methods that a client may have and that make it better. */
interface Extras {
  withCommandOptions?(options: { abortSignal: AbortSignal; timeout: undefined }): Pick<RedisClient, 'eval' | 'evalSha'>;
}

/** Whether `value` has the shape of a {@link RedisClient}. */
export function isRedisClient(value: unknown): value is RedisClient {
  if (typeof value !== 'object' || value === null) return false;
  const client = value as Partial<Record<keyof RedisClient, unknown>>;
  return ['eval', 'evalSha', 'on', 'off'].every((name) => typeof client[name as keyof RedisClient] === 'function');
}

/**
 * `client` such that a command still waiting for its connection dies with `signal`: sent late, it could take effect after its
 * sender has given up. The client's own timeout is switched off, being about the same and less exact.
 */
export function abortable(client: RedisClient, signal: AbortSignal): Pick<RedisClient, 'eval' | 'evalSha'> {
  const { withCommandOptions } = client as Extras;
  return withCommandOptions ? withCommandOptions.call(client, { abortSignal: signal, timeout: undefined }) : client;
}

/**
 * Makes `call`, and returns what gives it up: its signal aborts, unless the call has settled by then. An abort costs more than a request does,
 * and what has settled is in no queue any more.
 */
export function revocable<Answer>(call: (signal: AbortSignal) => Promise<Answer>): {
  readonly answer: Promise<Answer>;
  revoke(): void;
} {
  const controller = new AbortController();
  let isSettled = false;
  const settle = () => {
    isSettled = true;
  };
  const answer = call(controller.signal);
  answer.then(settle, settle);
  return {
    answer,
    revoke() {
      if (!isSettled) controller.abort();
    },
  };
}
