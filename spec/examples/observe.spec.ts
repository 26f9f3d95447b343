import { expect, it } from '@jest/globals';
import { startRedis } from '../support/redis.js';
import { BY_ITSELF, numberIn, runExample, said } from './example.js';

it('prints the leader, then an error during an outage, and then the new leader', async () => {
  await using server = await startRedis();
  await using observer = runExample('observe', server.url);
  await said(observer, /^nobody leads$/);
  await using leader = runExample('basic', server.url);
  const token = numberIn(await said(leader, /^leader/));
  const leads = new RegExp(`:${leader.pid} leads, token ${token}$`);
  await said(observer, leads);

  await server.kill();
  await said(observer, /^unknown: STORE_(UNAVAILABLE|TIMEOUT)$/);
  await server.start();
  await said(observer, leads); // the server restarted empty, and the leader restored its lease

  observer.signal('SIGINT');
  expect(await observer.exit).toEqual(BY_ITSELF);
  leader.signal('SIGINT');
  expect(await leader.exit).toEqual(BY_ITSELF);
});
