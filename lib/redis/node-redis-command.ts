import type { Observable } from 'rxjs';
import type { CommandConnection } from './client-adapter.js';
import { type Duplicate, type Options, openDuplicate, overrides, type Source } from './node-redis-subscriber.js';

/** Opens a command connection, a duplicate of the client of `source`. */
export const openNodeRedisCommandConnection = (source: Source): Observable<CommandConnection> =>
  openDuplicate(source, withoutTimeouts, commandConnection);

/** The options of a subscriber, without timeouts and pings: the server is silent during a WAIT. */
function withoutTimeouts(options: Options): object {
  const { socket, ...others } = overrides(options);
  return {
    ...others,
    socket: { ...socket, socketTimeout: undefined },
    pingInterval: undefined,
    commandsQueueMaxLength: undefined,
  };
}

const commandConnection = (duplicate: Duplicate): CommandConnection => ({
  evalSha: (sha, options) => duplicate.evalSha(sha, options),
  eval: (script, options) => duplicate.eval(script, options),
  wait: (count, timeout) => duplicate.sendCommand(['WAIT', String(count), String(timeout)]),
});
