import { describe, expect, it } from '@jest/globals';
import { defer, of, Subject } from 'rxjs';
import { coalesce } from '../../lib/stream/coalesce.js';
import { virtually } from '../support/virtual-time.js';

describe('coalesce', () => {
  it('works at once, and once more for all that came meanwhile', () => {
    virtually(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const source = hot('-a-bc---------a-|');
      const work = cold(' ---(r|)');
      const expected = ' ----r--r---------(r|)';
      expectObservable(source.pipe(coalesce(work))).toBe(expected);
      expectSubscriptions(work.subscriptions).toBe(['-^--!', '----^--!', '--------------^--!']);
    });
  });

  it('completes with the source where nothing is at work, else with the last work', () => {
    virtually(({ cold, hot, expectObservable }) => {
      const work = cold('  ---(r|)');
      expectObservable(hot('a------|').pipe(coalesce(work))).toBe('---r---|');
      expectObservable(hot('aa|     ').pipe(coalesce(work))).toBe('---r--(r|)');
    });
  });

  it('fails as either does', () => {
    virtually(({ cold, hot, expectObservable }) => {
      expectObservable(hot('aa----').pipe(coalesce(cold('--#')))).toBe('--#');
      expectObservable(hot('a#----').pipe(coalesce(cold('---(r|)')))).toBe('-#');
    });
  });

  it('stops working when it is unsubscribed, and begins nothing more', () => {
    virtually(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const source = hot('aa-------');
      const work = cold(' ----(r|)');
      expectObservable(source.pipe(coalesce(work)), '^ -!').toBe('');
      expectSubscriptions(source.subscriptions).toBe('^-!');
      expectSubscriptions(work.subscriptions).toBe('^-!');
    });
  });

  it('does work that is done at once as often as it is asked, also when asked in the middle of it', () => {
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
