import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { virtually } from '../support/virtual-time.js';

describe('signal', () => {
  const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

  it('closes when it aborts', () => {
    virtually(({ candidate, at, expectAsked, expectTold }) => {
      const controller = new AbortController();
      const { store, election } = candidate({}, { signal: controller.signal });
      at(100, () => controller.abort());
      expectAsked(store).toBe('a 99ms r');
      expectTold(election).toBe('-L 98ms (C|)');
      expectTold(election, '150ms ^').toBe('150ms |');
    });
  });

  it('completes subscribers at once, without a request, if it has already aborted', () => {
    virtually(({ candidate, expectAsked, expectTold }) => {
      const { store, election } = candidate({}, { signal: AbortSignal.abort() });
      expectAsked(store).toBe('');
      expectTold(election).toBe('|');
    });
  });

  it('closes any number of elections with one listener', () => {
    virtually(({ candidate, at, expectTold }) => {
      const controller = new AbortController();
      const { signal } = controller;
      const elections = Array.from({ length: 12 }, () => candidate({}, { signal }).election);
      at(50, () => expect(listeners(signal)).toBe(1));
      at(100, () => controller.abort());
      at(101, () => expect(listeners(signal)).toBe(0));
      for (const election of elections) expectTold(election).toBe('-L 98ms (C|)');
    });
  });

  it('has a listener only while there are subscribers (G6)', () => {
    const { signal } = new AbortController();
    virtually(({ candidate, at }) => {
      const { election } = candidate({}, { signal });
      expect(listeners(signal)).toBe(0);
      const first = election.subscribe();
      const second = election.subscribe();
      const third = election.leaders.subscribe();
      expect(listeners(signal)).toBe(1);
      at(10, () => {
        first.unsubscribe();
        second.unsubscribe();
        expect(listeners(signal)).toBe(1);
        third.unsubscribe();
        expect(listeners(signal)).toBe(0);
      });
      at(20, () => election.subscribe());
      at(30, () => {
        expect(listeners(signal)).toBe(1);
        void election.close();
        expect(listeners(signal)).toBe(0);
      });
    });
  });
});
