import { readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type Run, runProgram } from '../support/program.js';
import { startRedis } from '../support/redis.js';
import { until } from '../support/until.js';

/**
 * ms for a whole quick run, on a machine that runs other specs as well. It takes 11 s where it is
 * alone.
 */
const WHOLE_RUN = 180_000;

const demo = (...args: string[]): Run => runProgram('demo/main.ts', ...args);

/** The processes that a run has told of: candidates, and its Redis by its port. */
const pids = ({ output }: Run) => [...output().matchAll(/\(pid (\d+)\)/g)].map(([, pid]) => Number(pid));
const port = ({ output }: Run) => Number(/port (\d+)/.exec(output())?.[1]);

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

async function leavesNothing(run: Run): Promise<void> {
  expect(pids(run).length).toBeGreaterThanOrEqual(4);
  await until(() => pids(run).every((pid) => !isAlive(pid)));
  await until(async () => !(await answers(port(run))));
}

const whileSomebodyLeads = (run: Run) => until(() => run.output().includes('leads, token'), { within: WHOLE_RUN });
const whileTheLeaderIsStopped = (run: Run) => until(() => run.output().includes('▼ SIGSTOP'), { within: WHOLE_RUN });

describe('the demo, without a terminal', () => {
  it(
    'tells every incident and its hand-over in plain lines, sees no overlap, draws, and leaves nothing running',
    async () => {
      const file = path.join(tmpdir(), `rx-leader-${process.pid}.svg`);
      const run = demo('--quick', '--svg', file);
      expect(await run.exit).toBe(0);
      for (const cause of ['close()', 'kill -9', 'SIGSTOP', 'cut off', 'outage']) {
        const line = run
          .output()
          .split('\n')
          .find((text) => text.startsWith(` ${cause}  `));
        expect(line).toMatch(/ \w+ → \w+ +[\d ]+ ms {3}\w/);
      }
      expect(run.output()).toMatch(/\n restart +\w+ (kept it|→ \w+) +[\d ]+ ms {3}\w/);
      expect(run.output()).toMatch(/\n overlaps seen: 0 in \d+ terms of \d processes\n/);
      expect(run.output()).toMatch(/ all as it should be, in \d+\.\d\d s\n$/);
      expect(run.output()).not.toContain('\x1b');
      expect(run.complaints()).toBe('');
      await leavesNothing(run);
      expect(readFileSync(file, 'utf8')).toContain('overlaps seen: 0');
      rmSync(file);
    },
    WHOLE_RUN,
  );

  it.each([
    ['SIGINT', 130, 'while the leader is stopped', whileTheLeaderIsStopped],
    ['SIGTERM', 143, 'while somebody leads', whileSomebodyLeads],
    ['SIGHUP', 129, 'while somebody leads', whileSomebodyLeads],
  ] as const)(
    'leaves nothing running after %s (%i) %s',
    async (signal, code, _, moment) => {
      const run = demo('--quick');
      await moment(run);
      run.child.kill(signal);
      expect(await run.exit).toBe(code);
      await leavesNothing(run);
    },
    WHOLE_RUN,
  );

  it(
    'leaves nothing running once nobody reads on',
    async () => {
      const run = demo('--quick');
      await whileSomebodyLeads(run);
      run.child.stdout?.destroy();
      expect(await run.exit).toBe(141);
      expect(run.complaints()).toBe('');
      await leavesNothing(run);
    },
    WHOLE_RUN,
  );

  it(
    'leaves nothing running where it is killed itself, not even a stopped process',
    async () => {
      const run = demo('--quick');
      await whileTheLeaderIsStopped(run);
      run.child.kill('SIGKILL');
      await leavesNothing(run);
    },
    WHOLE_RUN,
  );
});

describe('the demo, on a Redis of the user', () => {
  it(
    'leaves that as it was: no key of its own stays, none of the others is touched, and it is not restarted',
    async () => {
      await using redis = await startRedis();
      const client = await redis.client();
      await client.set('other', 'value');
      const { pid } = redis;
      const run = demo('--quick', '--redis', redis.url);
      await until(async () => (await client.keys('*')).length > 2, { within: WHOLE_RUN }); // lease and record, at least
      expect(await run.exit).toBe(0);
      expect(run.output()).toMatch(/\n cut off +\w+ → \w+ /);
      expect(run.output()).not.toMatch(/restart|outage/);
      expect(await client.keys('*')).toEqual(['other']);
      expect([await client.get('other'), redis.pid]).toEqual(['value', pid]);
      await until(() => pids(run).every((candidate) => !isAlive(candidate)));
    },
    WHOLE_RUN,
  );

  it(
    'removes its keys after Ctrl-C, too',
    async () => {
      await using redis = await startRedis();
      const client = await redis.client();
      const run = demo('--quick', '--redis', redis.url);
      await whileSomebodyLeads(run);
      run.child.kill('SIGINT');
      expect(await run.exit).toBe(130);
      expect(await client.keys('*')).toEqual([]);
    },
    WHOLE_RUN,
  );

  it('says in a line that there is no server at the URL', async () => {
    const run = demo('--redis', 'redis://user:secret@127.0.0.1:1');
    expect(await run.exit).toBe(1);
    expect(run.complaints()).toBe('rx-leader demo: cannot use redis://127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1\n');
    expect(run.output()).toBe('');
  });

  it(
    'says in a line why nobody can be elected there, and leaves nothing',
    async () => {
      await using redis = await startRedis();
      const client = await redis.client();
      await client.aclSetUser('guest', ['on', '>secret', '+@all', '-evalsha', '-eval', '~*', '&*']);
      const run = demo('--quick', '--redis', `redis://guest:secret@127.0.0.1:${redis.port}`);
      expect(await run.exit).toBe(1);
      expect(run.complaints()).toMatch(/^rx-leader demo: nobody was elected: .*no permissions.*\n$/);
      await until(() => pids(run).every((candidate) => !isAlive(candidate)));
    },
    WHOLE_RUN,
  );
});

describe('the demo, asked wrongly', () => {
  it('says what is wrong and how it is used, and exits with 2', async () => {
    const run = demo('--redis', 'nonsense');
    expect(await run.exit).toBe(2);
    expect(run.complaints()).toContain('--redis must be a URL such as redis://localhost:6379; received "nonsense"\n');
    expect(run.complaints()).toContain('npm run demo -- [options]');
  });

  it('explains itself with --help', async () => {
    const run = demo('--help');
    expect(await run.exit).toBe(0);
    expect(run.output()).toContain('--svg FILE');
  });
});
