import { afterEach, describe, expect, it } from '@jest/globals';
import { config, Observable } from 'rxjs';
import type { AcquireReply } from '../../lib/port/lease-store.js';
import type { Transition } from '../../lib/stream/transition.js';
import { Log } from '../support/log.js';
import { fails, granted, held, silence } from '../support/scripted-store.js';
import { LIFETIME, letter, virtually } from '../support/virtual-time.js';

afterEach(() => {
  config.onUnhandledError = null;
  config.onStoppedNotification = null;
});

const whenLeader = (action: () => void) => (transition: Transition) => {
  if (transition.role === 'leader') action();
};

describe('inside a callback', () => {
  it('close() takes effect after every subscriber has received the current transition, and then completes', () => {
    const lines = virtually(({ candidate }) => {
      const { election } = candidate();
      const log = new Log(election);
      log.subscribe(
        'a',
        whenLeader(() => void election.close()),
      );
      log.subscribe('b');
      return log.lines;
    });
    expect(lines).toEqual(['a:L', 'b:L', 'a:C', 'b:C', 'a|', 'b|']);
  });

  it('close() still ends leadership at once', () => {
    virtually(({ candidate }) => {
      const { election } = candidate();
      const log = new Log(election);
      log.subscribe('a', (transition) => {
        if (transition.role !== 'leader') return;
        void election.close();
        expect([election.isLeading, transition.term.signal.aborted, election.role]).toEqual([false, true, 'leader']);
      });
    });
  });

  it('resign() takes effect after every subscriber has received the current transition', () => {
    const lines = virtually(({ candidate, at }) => {
      const { election } = candidate();
      const log = new Log(election);
      const both = log.subscribe(
        'a',
        whenLeader(() => void election.resign()),
      );
      both.add(log.subscribe('b'));
      at(99, () => both.unsubscribe());
      return log.lines;
    });
    expect(lines).toEqual(['a:L', 'b:L', 'a:R', 'b:R']);
  });

  it('a late subscriber that closes in its first callback still receives the end of the term it received', () => {
    const lines = virtually(({ candidate, at }) => {
      const { election } = candidate();
      const log = new Log(election);
      log.subscribe('a');
      at(9, () => {
        log.subscribe(
          'b',
          whenLeader(() => void election.close()),
        );
        expect(log.lines.at(-1)).toBe('b|'); // everything happens before subscribe() returns
      });
      return log.lines;
    });
    expect(lines).toEqual(['a:L', 'b:L', 'a:C', 'b:C', 'a|', 'b|']);
  });

  it('a late subscriber that resigns in its first callback receives the end of the term', () => {
    const lines = virtually(({ candidate, at }) => {
      const { election } = candidate();
      const log = new Log(election);
      const a = log.subscribe('a');
      at(9, () =>
        a.add(
          log.subscribe(
            'b',
            whenLeader(() => void election.resign()),
          ),
        ),
      );
      at(99, () => a.unsubscribe());
      return log.lines;
    });
    expect(lines).toEqual(['a:L', 'b:L', 'a:R', 'b:R']);
  });

  it('a new subscriber receives the current role once, before later transitions', () => {
    const lines = virtually(({ candidate }) => {
      const { election } = candidate();
      const log = new Log(election);
      log.subscribe(
        'a',
        whenLeader(() => {
          void election.close();
          expect(election.role).toBe('leader');
        }),
      );
      log.subscribe(
        'b',
        whenLeader(() => log.subscribe('c')),
      );
      return log.lines;
    });
    // c subscribed after close(), so it completes at once and receives nothing.
    expect(lines).toEqual(['a:L', 'b:L', 'c|', 'a:C', 'b:C', 'a|', 'b|']);
  });

  it('a new subscriber receives queued transitions after the current role', () => {
    const lines = virtually(({ candidate, at }) => {
      const { election } = candidate();
      const log = new Log(election);
      const all = log.subscribe(
        'a',
        whenLeader(() => void election.resign()),
      );
      all.add(
        log.subscribe(
          'b',
          whenLeader(() => all.add(log.subscribe('c'))),
        ),
      );
      at(99, () => all.unsubscribe());
      return log.lines;
    });
    expect(lines).toEqual(['a:L', 'b:L', 'c:L', 'a:R', 'b:R', 'c:R']);
  });

  it('unsubscribing keeps the transition only from the subscribers that left', () => {
    const lines = virtually(({ candidate, at }) => {
      const { election } = candidate();
      const log = new Log(election);
      log.subscribe('a', () => b.unsubscribe());
      const b = log.subscribe('b');
      const c = log.subscribe('c', () => c.unsubscribe());
      at(50, () => void election.close());
      return log.lines;
    });
    expect(lines).toEqual(['a:L', 'c:L', 'a:C', 'a|']);
  });

  it('a subscriber that has left is released: nothing is emitted to it and dropped by RxJS', () => {
    virtually(({ candidate, at }) => {
      const { election } = candidate({ acquire: [held(99), granted(7)] });
      const dropped: unknown[] = [];
      config.onStoppedNotification = (notification) => {
        if ('value' in notification) dropped.push(notification.value);
      };
      const log = new Log(election);
      const [a, b] = [log.subscribe('a'), log.subscribe('b')];
      at(9, () => a.unsubscribe());
      at(200, () => {
        expect([log.lines, dropped]).toEqual([['a:S', 'b:S', 'b:L'], []]);
        b.unsubscribe();
      });
    });
  });

  it('close() also completes a new subscriber while the clock is checked for it', () => {
    const told: string[] = [];
    virtually(({ candidate, clock, at, stall }) => {
      const { election } = candidate({}, { clock });
      election.subscribe(({ role }) => {
        if (role === 'follower') void election.close();
      });
      at(9, () => {
        stall(LIFETIME + 200);
        election.subscribe({ next: (transition) => told.push(letter(transition)), complete: () => told.push('|') });
      });
    });
    expect(told).toEqual(['|']);
  });

  it('the last subscriber may subscribe again: a new candidacy starts after the release', () => {
    virtually(({ candidate, expectAsked, at }) => {
      const { store, election } = candidate();
      const log = new Log(election);
      expectAsked(store).toBe('ara 96ms r');
      const a = log.subscribe('a', () => {
        a.unsubscribe();
        expect(election.role).toBeUndefined();
        const b = log.subscribe('b');
        at(98, () => {
          b.unsubscribe();
          expect(log.lines).toEqual(['a:L', 'b:L']);
        });
      });
    });
  });

  it('a term that ends before any subscriber receives it is not emitted, nor its end to followers', () => {
    const told = (first: Observable<AcquireReply>) =>
      virtually(({ candidate }) => {
        const grant = new Observable<AcquireReply>((subscriber) => {
          subscriber.next({ status: 'granted', token: 7 });
          void election.close(); // before any subscriber receives it
        });
        const { election } = candidate({ acquire: [first, grant] });
        const log = new Log(election);
        log.subscribe('a');
        return log.lines;
      });
    expect(told(held(9_999))).toEqual(['a:S', 'a|']);
    expect(told(fails('STORE_DENIED'))).toEqual(['a:F', 'a:C', 'a|']);
  });

  it('a callback that throws is reported as in RxJS, and stops nothing', () => {
    const reported: unknown[] = [];
    config.onUnhandledError = (error) => reported.push(error);
    const lines = virtually(({ candidate, at }) => {
      const { election } = candidate();
      const log = new Log(election);
      const failure = new Error('a callback with a bug');
      log.subscribe('a', () => {
        throw failure;
      });
      log.subscribe('b');
      at(9, () => void election.close());
      at(10, () => expect(reported).toEqual([failure, failure]));
      return log.lines;
    });
    expect(lines).toEqual(['a:L', 'b:L', 'a:C', 'b:C', 'a|', 'b|']);
  });

  it('a callback that blocks past the deadline is followed by stalled, whatever it does then', () => {
    const lines = virtually(({ candidate, clock, stall }) => {
      const { election } = candidate({ acquire: [granted(7)] }, { clock });
      const log = new Log(election);
      log.subscribe(
        'a',
        whenLeader(() => {
          stall(2 * LIFETIME);
          void election.close();
        }),
      );
      return log.lines;
    });
    expect(lines).toEqual(['a:L', 'a:T', 'a|']);
  });

  it('a subscriber that joins past the deadline receives the end of the term, not its start (G2)', () => {
    const lines = virtually(({ candidate, clock, stall, at }) => {
      const { election } = candidate({ release: [silence], read: [silence] }, { clock });
      const log = new Log(election);
      const a = log.subscribe(
        'a',
        whenLeader(() => {
          stall(LIFETIME);
          a.add(log.subscribe('b'));
        }),
      );
      at(99, () => a.unsubscribe());
      return log.lines;
    });
    expect(lines).toEqual(['a:L', 'a:E', 'b:E']);
  });

  it('a subscriber that left and joins past the deadline receives only that, too', () => {
    const lines = virtually(({ candidate, clock, stall, at }) => {
      const { election } = candidate({ release: [silence], read: [silence] }, { clock });
      const log = new Log(election);
      const a = log.subscribe(
        'a',
        whenLeader(() => {
          void election.resign();
          stall(LIFETIME);
          a.add(log.subscribe('b'));
        }),
      );
      at(99, () => a.unsubscribe());
      return log.lines;
    });
    expect(lines).toEqual(['a:L', 'a:R', 'b:R']);
  });

  it('a subscriber behind one that blocks past the deadline never receives the term (G2)', () => {
    const lines = virtually(({ candidate, clock, stall, at }) => {
      const { election } = candidate({ acquire: [held(99)], release: [silence], read: [silence] }, { clock });
      const log = new Log(election);
      const all = log.subscribe(
        'a',
        whenLeader(() => stall(LIFETIME)),
      );
      all.add(log.subscribe('b'));
      at(180, () => all.unsubscribe());
      return log.lines;
    });
    expect(lines).toEqual(['a:S', 'b:S', 'a:L', 'a:E']);
  });
});
