import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { until } from './until.js';

describe('until', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  it('resolves with the first truthy value', async () => {
    let looks = 0;
    const value = await until(() => (++looks === 3 ? { looks } : undefined), { every: 1 });
    expect(value).toEqual({ looks: 3 });
  });

  it('rejects in time, and names the condition and the last value', async () => {
    const start = performance.now();
    const late = sleep(1_000).then(() => 'late'); // it is as late as this process is
    const rejects = expect(until(() => 0, { within: 50, what: 'a third candidate' })).rejects.toThrow(
      'not within 50 ms: a third candidate (last 0)',
    );
    expect(await Promise.race([rejects, late])).not.toBe('late');
    expect(performance.now() - start).toBeGreaterThanOrEqual(35);
    await late;
  });

  it('treats a rejection as "not yet", and names the last one as the cause', async () => {
    let looks = 0;
    await until(
      async () => {
        if (++looks < 3) throw new Error('early');
        return true;
      },
      { every: 1 },
    );
    expect(looks).toBe(3);

    const cause = new Error('refused');
    await expect(until(() => Promise.reject(cause), { within: 20 })).rejects.toMatchObject({ cause });
  });

  it('gives up on a condition that never settles', async () => {
    const never = () => new Promise<boolean>(() => {});
    await expect(until(never, { within: 30 })).rejects.toThrow('it never answered');
  });

  it('waits in real time while timers are faked', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    await expect(until(() => false, { within: 30 })).rejects.toThrow('not within 30 ms');
  });
});
