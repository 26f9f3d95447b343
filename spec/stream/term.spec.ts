import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { isElectionError } from '../../lib/port/errors.js';
import { isAlive, LiveTerm } from '../../lib/stream/term.js';

/** A term until 1 000, on a clock that is set by hand. */
function term(): { readonly term: LiveTerm; readonly clock: { time: number } } {
  const clock = { time: 0, now: () => clock.time };
  return { term: new LiveTerm({ id: 'me/1', token: 7, deadline: 1_000 }, clock), clock };
}

const over = expect.objectContaining({ name: 'AbortError', code: 'TERM_ENDED' });

describe('a term', () => {
  it('has the id and token of its grant, and shows no more of itself when it is printed or stored', () => {
    expect(Object.entries(term().term)).toEqual([
      ['token', 7],
      ['id', 'me/1'],
    ]);
  });

  it('counts down to its deadline, which renewals move, and never below 0', () => {
    const { term: live, clock } = term();
    clock.time = 400;
    expect(live.remaining()).toBe(600);
    live.extend(1_200);
    expect(live.remaining()).toBe(800);
    clock.time = 1_300;
    expect(live.remaining()).toBe(0);
  });

  it('is alive until its deadline by the clock, announced or not (G2)', () => {
    const { term: live, clock } = term();
    clock.time = 999.9;
    expect([live.alive, isAlive(live)]).toEqual([true, true]);
    expect(() => live.assert()).not.toThrow();
    clock.time = 1_000;
    expect([live.alive, isAlive(live)]).toEqual([false, false]);
    expect(() => live.assert()).toThrow(over);
    expect(live.signal.aborted).toBe(false);
  });

  it('is over for its user once it is ended, while its lease still counts', () => {
    const { term: live } = term();
    live.end('resigned');
    expect([live.alive, isAlive(live), live.remaining()]).toEqual([false, false, 1_000]);
    expect(() => live.assert()).toThrow(over);
  });

  it('has a signal even if the global AbortController is not that of Node, as in jsdom', () => {
    const { AbortController: own } = globalThis;
    globalThis.AbortController = class {
      // Node accepts neither as its own: `events.setMaxListeners` throws.
      readonly signal = Object.setPrototypeOf(
        { target: new EventTarget(), aborted: false, reason: undefined },
        {
          addEventListener(this: { target: EventTarget }, ...args: [string, () => void]) {
            this.target.addEventListener(...args);
          },
          removeEventListener(this: { target: EventTarget }, ...args: [string, () => void]) {
            this.target.removeEventListener(...args);
          },
        },
      );
      abort(reason: unknown) {
        Object.assign(this.signal, { aborted: true, reason });
        this.signal.target.dispatchEvent(new Event('abort'));
      }
    } as never;
    try {
      const { term: live } = term();
      const seen: unknown[] = [];
      live.signal.addEventListener('abort', () => seen.push(live.signal.reason));
      live.end('lost');
      expect([seen, live.signal.aborted]).toEqual([[over], true]);
    } finally {
      globalThis.AbortController = own;
    }
  });

  it('is no longer alive when its signal aborts', () => {
    const { term: live } = term();
    const seen: unknown[] = [];
    live.signal.addEventListener('abort', () => seen.push(live.alive));
    live.end('lost');
    expect(seen).toEqual([false]);
  });

  it('returns the same signal before and after its end', () => {
    const { term: live } = term();
    const first = live.signal;
    expect(live.signal).toBe(first);
    live.end('lost');
    expect([first.aborted, live.signal === first]).toEqual([true, true]);
  });

  it('has a signal that accepts any number of listeners without a warning from Node', async () => {
    const code = `
      import { LiveTerm } from './lib/stream/term.ts';
      const { signal } = new LiveTerm({ token: 7, id: 'me', deadline: 1_000 }, { now: () => 0 });
      for (let i = 0; i < 20; i++) signal.addEventListener('abort', () => {});`;
    const args = ['--import', 'tsx', '--input-type=module', '-e', code];
    expect(await promisify(execFile)(process.execPath, args)).toEqual({ stdout: '', stderr: '' });
  });

  it('aborts its signal with a reason that abort-aware code and this library’s guard both accept', () => {
    const { term: live } = term();
    live.end('lost');
    const { reason } = live.signal;
    expect(reason).toBeInstanceOf(Error);
    expect(isElectionError(reason)).toBe(true);
    expect(reason).toMatchObject({ name: 'AbortError', code: 'TERM_ENDED', message: 'The term 7 is over: lost' });
    expect(() => live.assert()).toThrow(reason);
  });
});

describe('whenIdle', () => {
  const tick = () => new Promise((resolve) => setImmediate(resolve));

  it('calls back at once if no work is pending', () => {
    let idle = 0;
    term().term.whenIdle(() => (idle += 1));
    expect(idle).toBe(1);
  });

  it('calls back once, when the last work has settled either way', async () => {
    const { term: live } = term();
    let idle = 0;
    let end = () => {};
    live.waitUntil(Promise.reject(new Error('work with a bug')));
    live.waitUntil(new Promise<void>((resolve) => (end = resolve)));
    live.whenIdle(() => (idle += 1));
    await tick();
    expect(idle).toBe(0);
    end();
    await tick();
    expect(idle).toBe(1);
    live.waitUntil(Promise.resolve());
    await tick();
    expect(idle).toBe(1);
  });
});
