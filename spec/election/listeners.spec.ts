import { describe, expect, it } from '@jest/globals';
import { of, type Subscription } from 'rxjs';
import { Log } from '../support/log.js';
import { granted, held, says } from '../support/scripted-store.js';
import { LIFETIME, virtually } from '../support/virtual-time.js';

describe('inside an abort listener of the term', () => {
  const abortListener = (log: Log, listener: () => void) =>
    log.subscribe('a', (transition) => {
      if (transition.role === 'leader') transition.term.signal.addEventListener('abort', listener);
    });

  it('close() turns a resignation into a permanent exit, after its follower', () => {
    const lines = virtually(({ candidate, at, expectAsked }) => {
      const { store, election } = candidate();
      const log = new Log(election);
      abortListener(log, () => void election.close());
      expectAsked(store).toBe('a 8ms r');
      at(9, () => void election.resign());
      return log.lines;
    });
    expect(lines).toEqual(['a:L', 'a:R', 'a|']);
  });

  it('close() after a stall emits stalled, and completes', () => {
    const lines = virtually(({ candidate, clock, at, stall }) => {
      const { election } = candidate({}, { clock });
      const log = new Log(election);
      abortListener(log, () => void election.close());
      at(9, () => stall(LIFETIME + 200));
      return log.lines;
    });
    expect(lines).toEqual(['a:L', 'a:T', 'a|']);
  });

  it('a new subscriber receives the unchanged role, then the follower, and may leave at once', () => {
    const lines = virtually(({ candidate, at }) => {
      const { election } = candidate();
      const log = new Log(election);
      let b: Subscription | undefined;
      const a = abortListener(log, () => {
        b = log.subscribe('b');
        a.unsubscribe();
      });
      at(9, () => void election.resign());
      at(20, () => b?.unsubscribe());
      return log.lines;
    });
    expect(lines).toEqual(['a:L', 'b:L', 'b:R']);
  });

  it('a new subscriber triggers no request before every subscriber has received the loss', () => {
    const seen = virtually(({ candidate, at }) => {
      const { store, election } = candidate({ renew: [says({ status: 'lost' } as const)] });
      const log = new Log(election);
      let b: Subscription | undefined;
      const a = abortListener(log, () => {
        b ??= log.subscribe('b');
      });
      const told: string[][] = [];
      store.asked.subscribe(() => told.push([...log.lines]));
      at(620, () => {
        a.unsubscribe();
        b?.unsubscribe();
      });
      return told;
    });
    expect(seen.slice(0, 3)).toEqual([[], ['a:L'], ['a:L', 'b:L', 'a:X', 'b:X']]);
  });

  it('close() takes effect after the loss, even if the store reports the loss before the reply is requested', () => {
    const lines = virtually(({ candidate }) => {
      const { election } = candidate({ renew: [of({ status: 'lost' } as const)] });
      const log = new Log(election);
      abortListener(log, () => void election.close());
      return log.lines;
    });
    expect(lines).toEqual(['a:L', 'a:X', 'a|']);
  });

  it('resign() joins the exit under way', () => {
    virtually(({ candidate, at, expectAsked }) => {
      const { store, election } = candidate({ acquire: [granted(7), held(9_999)] });
      const log = new Log(election);
      const a = abortListener(log, () => void election.resign({ cooldown: 1 }));
      expectAsked(store).toBe('a 8ms r 100ms a');
      at(9, () => void election.resign({ cooldown: 100 }));
      at(200, () => a.unsubscribe());
    });
  });
});

describe('inside a callback of leaders', () => {
  it('close() works, because the transition has already been emitted', () => {
    const lines = virtually(({ candidate, expectAsked }) => {
      const { store, election } = candidate();
      const log = new Log(election);
      expectAsked(store).toBe('ar');
      election.leaders.subscribe((holder) => holder && void election.close());
      log.subscribe('a');
      return log.lines;
    });
    expect(lines).toEqual(['a:L', 'a:C', 'a|']);
  });

  it('a subscription that synchronously brings a holder does not lose it', () => {
    virtually(({ candidate, at }) => {
      const { election } = candidate({ acquire: [of({ status: 'granted', token: 7 } as const)] });
      const ids: Array<string | undefined> = [];
      let candidacy: Subscription | undefined;
      election.leaders.subscribe((holder) => {
        ids.push(holder?.name);
        if (ids.length === 1) candidacy = election.subscribe();
      });
      at(9, () => {
        candidacy?.unsubscribe();
        expect(ids).toEqual([undefined, 'me', undefined]);
      });
    });
  });
});
