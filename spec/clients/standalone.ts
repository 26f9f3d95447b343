import { describe, expect, it } from '@jest/globals';
import { from } from 'rxjs';
import { keysOf } from '../../lib/redis/keys.js';
import { redisStore } from '../../lib/redis/store.js';
import { acquire, acquireRequest, KEY } from '../redis/ask.js';
import { startProxy } from '../support/proxy.js';
import { conforms } from './conforms.js';
import { kindsOf } from './kinds.js';

/** Declares what holds for every client of a single server. */
export function standalone(version: 5 | 6): void {
  const kinds = kindsOf('standalone', version);
  const servers = conforms(kinds);

  describe.each(kinds)('$client without a connection', (kind) => {
    it('never sends a request that was cancelled meanwhile (G4)', async () => {
      await servers().run('FLUSHALL');
      const [server] = servers().nodes;
      if (!server) throw new Error('there is no server');
      await using proxy = await startProxy({ target: server });
      const { redis, close } = await kind.make([proxy]);
      await proxy.refuse();
      // A client may detect the loss only by a failing command.
      await acquire(redisStore(redis), { id: 'first', timeout: 50 }).catch(() => {});
      const given = Array.from({ length: 5 }, (_, i) => {
        const asked = redisStore(redis).acquire(acquireRequest({ id: `given up ${i}`, timeout: 50 }));
        return from(asked).subscribe({ error: () => {} });
      });
      await new Promise(setImmediate);
      for (const one of given) one.unsubscribe();
      await proxy.accept();
      const later = await acquire(redisStore(redis), { id: 'later' });
      expect(later.status).toBe('granted');
      expect(await servers().run('GET', keysOf(KEY).lease)).toBe('later');
      await close();
    });
  });
}
