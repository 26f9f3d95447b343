import type { Observable } from 'rxjs';
import type { CommandConnection } from './client-adapter.js';
import { type Duplicate, type Options, openDuplicate, overrides, type Source } from './node-redis-subscriber.js';

/** Opens a wire by a duplicate of what `source` has. */
export const openNodeRedisCommandConnection = (source: Source): Observable<CommandConnection> =>
  openDuplicate(source, patient, wire);

/** As a subscriber's, but that a server which is silent is not asked whether it is still there: while replicas are waited for, it is. */
function patient(options: Options): object {
  const { socket, ...others } = overrides(options);
  return {
    ...others,
    socket: { ...socket, socketTimeout: undefined },
    pingInterval: undefined,
    commandsQueueMaxLength: undefined,
  };
}

const wire = (duplicate: Duplicate): CommandConnection => ({
  evalSha: (sha, options) => duplicate.evalSha(sha, options),
  eval: (script, options) => duplicate.eval(script, options),
  wait: (count, timeout) => duplicate.sendCommand(['WAIT', String(count), String(timeout)]),
});
