import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Random } from '../../proof/random.js';
import { startRedis } from '../support/redis.js';
import { type Command, Commands } from './commands.js';
import { type Answer, type Comparison, Twins } from './twins.js';

/**
 * Use `DIFF_COMMANDS=100000 npx jest spec/testing/differential` for a long run, and `DIFF_SEED` to
 * choose its start.
 */
const COMMANDS = Number(process.env.DIFF_COMMANDS ?? 3_000);
const SEED = Number(process.env.DIFF_SEED ?? Date.now() % 2 ** 31);

/** Number of commands to report with a difference. */
const TRACE = 12;

interface Tally {
  readonly seen: Map<string, number>;
  unclear: number;
}

async function compare(twins: Twins, commands: Commands, count: number): Promise<Tally> {
  const tally: Tally = { seen: new Map(), unclear: 0 };
  const trace: Array<{ command: Command; comparison: Comparison }> = [];
  for (let i = 0; i < count; i++) {
    const command = commands.next();
    const comparison = await twins.do(command);
    const { real, model, unclear } = comparison;
    trace.push({ command, comparison });
    if (!isDeepStrictEqual(real, model)) {
      if (!unclear) throw new Error(difference(i, trace.slice(-TRACE), commands.random.seed));
      tally.unclear++;
      await twins.flush();
    }
    if (command.do !== 'ask') continue;
    const isTogether = command.request.verb === 'renew' && nameOf(real.answer) === 'renewed' && !hasToken(real.answer);
    const what = `${command.request.verb} ${nameOf(model.answer)}${isTogether ? ' together' : ''}`;
    tally.seen.set(what, (tally.seen.get(what) ?? 0) + 1);
    if (model.answer && !('error' in model.answer)) commands.learn(command.request, model.answer);
  }
  return tally;
}

const nameOf = (answer: Answer | undefined): string =>
  answer === undefined ? 'nothing' : 'error' in answer ? answer.error : answer.status;

const hasToken = (answer: Answer | undefined): boolean => answer !== undefined && 'token' in answer;

const difference = (index: number, trace: ReadonlyArray<unknown>, seed: number): string =>
  `DIFF_SEED=${seed}: real and model differ at command ${index}:\n${trace.map((step) => JSON.stringify(step)).join('\n')}`;

describe('MemoryLeaseStore and Redis', () => {
  it(
    `give the same replies and store the same, over ${COMMANDS} random commands`,
    async () => {
      await using redis = await startRedis();
      const commands = new Commands(new Random(SEED));
      const twins = await Twins.of(await redis.client());
      const begun = performance.now();
      const { seen, unclear } = await compare(twins, commands, COMMANDS).finally(() => twins.leave());
      const each = (performance.now() - begun) / COMMANDS;
      for (const what of [
        'acquire granted',
        'acquire held',
        'acquire suspect',
        'acquire late',
        'acquire KEY_CONFLICT',
        'renew renewed',
        'renew renewed together',
        'renew lost',
        'renew late',
        'renew KEY_CONFLICT',
        'release released',
        'release gone',
        'read held',
        'read free',
        'read KEY_CONFLICT',
        'list listed',
        'withdraw withdrawn',
      ]) {
        expect([what, (seen.get(what) ?? 0) > COMMANDS / 2_000]).toEqual([what, true]);
        seen.delete(what);
      }
      expect([...seen.keys()]).toEqual([]);
      // A lease that expires during a command makes the comparison unclear. This grows with the
      // duration of a command, which is usually at most 5 ms.
      expect(unclear / COMMANDS).toBeLessThan(0.01 * Math.max(1, each / 5));
    },
    COMMANDS * 100,
  );
});
