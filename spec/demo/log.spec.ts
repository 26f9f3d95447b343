import { describe, expect, it } from '@jest/globals';
import { Log } from '../../demo/log.js';
import { monotonic } from '../../demo/report.js';

const never = new AbortController().signal;

describe('Log', () => {
  it('counts time from when the story begins', () => {
    const log = new Log();
    expect(log.now).toBe(0);
    log.begin();
    const at = monotonic();
    log.hear({ kind: 'yes', row: 'alma', by: 'alma/1', token: 1, at, until: at + 900 });
    const [entry] = log.entries;
    if (entry?.kind !== 'yes') throw new Error('nothing was heard');
    expect(entry.at).toBeGreaterThanOrEqual(0);
    expect(entry.at).toBeLessThanOrEqual(log.now);
    expect(entry.until - entry.at).toBeCloseTo(900);
  });

  it('resolves with what is found in it, now or later', async () => {
    const log = new Log();
    const up = () => log.until((entries) => entries.find(({ kind }) => kind === 'server-up'), 1_000, never);
    const later = up();
    log.note({ kind: 'leave' });
    log.note({ kind: 'server-up' });
    expect(await later).toMatchObject({ kind: 'server-up' });
    expect(await up()).toMatchObject({ kind: 'server-up' });
  });

  it('rejects where nothing is found in time', async () => {
    const found = new Log().until(() => false, 20, never);
    await expect(found).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  it('rejects with the reason of its signal, aborted before or while it waits', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const waiting = new Log().until(() => false, 1_000, controller.signal);
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await expect((async () => new Log().until(() => true, 1_000, controller.signal))()).rejects.toBe(reason);
  });
});
