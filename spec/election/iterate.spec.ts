import { describe, expect, it } from '@jest/globals';
import { NEVER, Observable, Subject } from 'rxjs';
import { iterate } from '../../lib/election/iterate.js';
import { ElectionError } from '../../lib/port/errors.js';
import { LiveTerm } from '../../lib/stream/term.js';
import type { Transition } from '../../lib/stream/transition.js';
import { letter } from '../support/virtual-time.js';

/** A source of transitions under manual control, and an iterator over it. */
class Bench {
  now = 0;
  readonly source = new Subject<Transition>();
  left = 0;
  readonly iterator = iterate(this.source, async () => {
    this.left += 1;
  });

  /** Emits the start of a term until `deadline`. */
  lead(deadline = 1_000): LiveTerm {
    const term = new LiveTerm({ id: 'me/1', token: 1, deadline }, { now: () => this.now });
    this.source.next({ role: 'leader', at: new Date(0), term });
    return term;
  }

  follow(reason: 'standby' | 'lost' | 'expired' | 'resigned' | 'closed'): void {
    this.source.next({ role: 'follower', at: new Date(0), reason });
  }

  fail(): void {
    this.source.next({ role: 'error', at: new Date(0), error: new ElectionError('STORE_TIMEOUT', 'scripted') });
  }

  /** Requests the next transition: its letter, `|` at the end, or `…` while there is none. */
  async ask(): Promise<string> {
    const next = this.iterator.next().then(({ done, value }) => (done ? '|' : letter(value)));
    return Promise.race([next, soon('…')]);
  }
}

/** Resolves after everything that is already scheduled. */
const soon = <T>(value: T): Promise<T> => new Promise((resolve) => setImmediate(resolve, value));

describe('iterate', () => {
  it('subscribes at once, not at the first next()', () => {
    expect(new Bench().source.observed).toBe(true);
  });

  it('delivers transitions from before and after the request', async () => {
    const bench = new Bench();
    bench.follow('standby');
    expect(await bench.ask()).toBe('S');
    const next = bench.iterator.next();
    const term = bench.lead();
    expect(await next).toEqual({ done: false, value: { role: 'leader', at: new Date(0), term } });
  });

  it('answers several next() in order', async () => {
    const bench = new Bench();
    const [first, second] = [bench.iterator.next(), bench.iterator.next()];
    bench.follow('standby');
    bench.lead();
    expect((await first).value.role).toBe('follower');
    expect((await second).value.role).toBe('leader');
  });

  it('never skips the follower that ends a delivered term, whatever follows', async () => {
    const bench = new Bench();
    bench.lead();
    expect(await bench.ask()).toBe('L');
    bench.follow('lost');
    bench.lead();
    bench.follow('expired');
    bench.fail();
    expect(await bench.ask()).toBe('X');
    expect(await bench.ask()).toBe('F');
    expect(await bench.ask()).toBe('…');
  });

  it('delivers a term that has started meanwhile', async () => {
    const bench = new Bench();
    bench.lead();
    await bench.ask();
    bench.follow('lost');
    bench.lead();
    expect([await bench.ask(), await bench.ask(), await bench.ask()]).toEqual(['X', 'L', '…']);
  });

  it('keeps only the latest unrequested transition, and never repeats a role', async () => {
    const bench = new Bench();
    bench.follow('standby');
    expect(await bench.ask()).toBe('S');
    bench.fail();
    bench.follow('standby');
    expect(await bench.ask()).toBe('…'); // a follower, as at the last delivery
  });

  it('collapses error, follower and error into one error', async () => {
    const bench = new Bench();
    bench.follow('standby');
    await bench.ask();
    bench.fail();
    bench.follow('standby');
    bench.fail();
    expect(await bench.ask()).toBe('F');
    expect(await bench.ask()).toBe('…');
  });

  it('never delivers a leadership that is over by the clock at the request (G2)', async () => {
    const bench = new Bench();
    bench.lead(1_000);
    bench.now = 1_000;
    const asked = bench.iterator.next();
    expect(await soon('nothing yet')).toBe('nothing yet');
    bench.follow('expired');
    expect((await asked).value).toMatchObject({ role: 'follower', reason: 'expired' });
  });

  it('never delivers a leadership whose signal has aborted, as during a drain', async () => {
    const bench = new Bench();
    bench.lead(1_000).end('resigned');
    expect(await bench.ask()).toBe('…');
  });

  it('skips a whole term that passed without a request, after a delivered follower', async () => {
    const bench = new Bench();
    bench.follow('standby');
    await bench.ask();
    bench.lead();
    bench.follow('lost');
    expect(await bench.ask()).toBe('…');
  });

  it('delivers the remaining transitions and then ends when the source completes', async () => {
    const bench = new Bench();
    bench.lead();
    expect(await bench.ask()).toBe('L');
    bench.follow('closed');
    bench.source.complete();
    expect([await bench.ask(), await bench.ask(), await bench.ask()]).toEqual(['C', '|', '|']);
  });

  it('ends a pending next() when the source completes', async () => {
    const bench = new Bench();
    const next = bench.iterator.next();
    bench.source.complete();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  it('ends at once over a source that has already completed', async () => {
    const iterator = iterate(new Observable((subscriber) => subscriber.complete()), async () => {});
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('keeps at most two transitions, however many are emitted (G6)', async () => {
    const bench = new Bench();
    bench.lead();
    await bench.ask();
    for (let i = 0; i < 1_000; i += 1) {
      bench.follow('lost');
      bench.lead();
    }
    expect([await bench.ask(), await bench.ask(), await bench.ask()]).toEqual(['X', 'L', '…']);
  });

  it('is an iterator over itself', () => {
    const { iterator } = new Bench();
    expect(iterator[Symbol.asyncIterator]()).toBe(iterator);
  });
});

describe('leaving the loop', () => {
  it('unsubscribes, drops the remaining transitions, ends pending next(), and waits for the exit', async () => {
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    let torndown = false;
    const source = new Observable<Transition>((subscriber) => {
      subscriber.next({ role: 'follower', at: new Date(0), reason: 'standby' });
      return () => {
        torndown = true;
      };
    });
    const iterator = iterate(source, () => released);
    await iterator.next();
    const pending = iterator.next();
    const returned = iterator.return?.('left');
    expect(torndown).toBe(true);
    expect(await pending).toEqual({ done: true, value: undefined });
    expect(await Promise.race([returned, soon('still waiting')])).toBe('still waiting');
    release();
    expect(await returned).toEqual({ done: true, value: 'left' });
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  it('delivers no buffered transition', async () => {
    const bench = new Bench();
    bench.lead();
    await bench.ask();
    bench.follow('lost');
    bench.fail();
    await bench.iterator.return?.();
    expect(await bench.ask()).toBe('|');
    expect(bench.source.observed).toBe(false);
    expect(bench.left).toBe(1);
  });

  it('by throw() does the same and rejects with the given error', async () => {
    const bench = new Bench();
    await expect(bench.iterator.throw?.(new Error('out'))).rejects.toThrow('out');
    expect(bench.source.observed).toBe(false);
    expect(bench.left).toBe(1);
  });

  it('happens on break', async () => {
    let left = 0;
    let told = 0;
    const source = new Observable<Transition>((subscriber) => {
      subscriber.next({ role: 'follower', at: new Date(0), reason: 'standby' });
      return NEVER.subscribe();
    });
    const count = async () => {
      left += 1;
    };
    for await (const _ of iterate(source, count)) {
      told += 1;
      break;
    }
    expect([told, left]).toEqual([1, 1]);
  });
});
