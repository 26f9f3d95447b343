import { describe, expect, it } from '@jest/globals';
import { defer, of, Subject } from 'rxjs';
import { coalesce } from '../../lib/stream/coalesce.js';
import { virtually } from '../support/virtual-time.js';

describe('coalesce', () => {
  it('runs at once, and once more for all values that arrived meanwhile', () => {
    virtually(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-a-bc---------a-|');
      const work = cold(' ---(r|)');
      const expected = ' ----r--r---------(r|)';
      expectObservable(source.pipe(coalesce(work))).toBe(expected);
      expectSubscriptions(work.subscriptions).toBe(['-^--!', '----^--!', '--------------^--!']);
    });
  });

  it('completes with the source if no work is running, otherwise with the last work', () => {
    virtually(({ cold, hot, expectObservable }) => {
      const work = cold('  ---(r|)');
      expectObservable(hot('a------|').pipe(coalesce(work))).toBe('---r---|');
      expectObservable(hot('aa|     ').pipe(coalesce(work))).toBe('---r--(r|)');
    });
  });

  it('fails when either fails', () => {
    virtually(({ cold, hot, expectObservable }) => {
      expectObservable(hot('aa----').pipe(coalesce(cold('--#')))).toBe('--#');
      expectObservable(hot('a#----').pipe(coalesce(cold('---(r|)')))).toBe('-#');
    });
  });

  it('stops the work when it is unsubscribed, and starts no more', () => {
    virtually(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const source = hot('aa-------');
      const work = cold(' ----(r|)');
      expectObservable(source.pipe(coalesce(work)), '^ -!').toBe('');
      expectSubscriptions(source.subscriptions).toBe('^-!');
      expectSubscriptions(work.subscriptions).toBe('^-!');
    });
  });

  it('runs synchronous work once for each value, even for a value emitted during the work', () => {
    const source = new Subject<void>();
    const log: number[] = [];
    let done = 0;
    const work = defer(() => of(++done));
    source.pipe(coalesce(work)).subscribe((value) => {
      log.push(value);
      if (value < 3) source.next();
    });
    source.next();
    source.next();
    expect(log).toEqual([1, 2, 3, 4]);
  });
});
