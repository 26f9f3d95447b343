import { describe, expect, it } from '@jest/globals';
import type { AcquireRequest } from '../../../lib/port/lease-store.js';
import type { Span } from '../../../proof/checker.js';
import { Random } from '../../../proof/random.js';
import { EventQueue } from '../../../proof/sim/event-queue.js';
import { Exceptions, type Knowledge } from '../../../proof/sim/exceptions.js';

const TTL = 1_000;

function exceptions() {
  const events = new EventQueue(new Random(1));
  const one = new Exceptions(events, TTL);
  const at = (time: number, happens: () => void) => {
    events.at(time, happens);
    while (events.step(time));
  };
  const freeze = (who: string, from: number, to: number) => {
    let thaw = () => {};
    at(from, () => {
      thaw = one.froze(who);
    });
    at(to, () => thaw());
  };
  return { one, at, freeze };
}

const span = (who: string, token: number, first: number, last: number): Span => ({ who, token, first, last });
const ask = (coldStart: 'elect' | 'wait' = 'elect') => ({ coldStart }) as AcquireRequest;
const UNHEARD: Knowledge = { written: undefined, before: undefined, since: undefined };
const RECORD = { token: 1, id: 'a', name: '', data: '', run: '', until: 0, at: 0, peak: 0 };

describe('an exception', () => {
  it('is none where nothing has happened that allows it', () => {
    const { one } = exceptions();
    expect(one.excuse(span('a', 1, 0, 500), span('b', 2, 400, 900))).toBe(false);
    expect(one.mayLowerTokens).toBe(false);
  });

  describe('a fresh candidate on an emptied store', () => {
    interface How {
      lost?: boolean;
      token?: number;
      record?: typeof RECORD;
      coldStart?: 'elect' | 'wait';
    }
    const granted = ({ lost = true, token = 0, record, coldStart }: How = {}) => {
      const { one, at } = exceptions();
      if (lost) one.lost();
      at(400, () => one.granted(ask(coldStart), record, UNHEARD, token));
      return one;
    };

    it('leads beside the incumbent, for a ttl at most', () => {
      expect(granted().excuse(span('a', 1, 0, 1_400), span('b', 2, 401, 2_000))).toBe(true);
      expect(granted().excuse(span('a', 1, 0, 1_401), span('b', 2, 401, 2_000))).toBe(false);
    });

    it('excuses nothing that was over before it', () => {
      expect(granted().excuse(span('a', 1, 0, 399), span('b', 2, 300, 2_000))).toBe(false);
    });

    it('may be followed by a third, after the incumbent, before it knows', () => {
      expect(granted().excuse(span('b', 2, 401, 800), span('c', 3, 700, 2_000))).toBe(true);
      expect(granted().excuse(span('b', 2, 401, 1_401), span('c', 3, 700, 2_000))).toBe(false);
    });

    it.each([
      ['where nothing was lost', { lost: false }],
      ['where it had seen a token', { token: 1 }],
      ['where there is a record', { record: RECORD }],
      ["with coldStart 'wait'", { coldStart: 'wait' as const }],
    ])('is none %s', (_, how) => {
      expect(granted(how).excuse(span('a', 1, 0, 500), span('b', 2, 401, 2_000))).toBe(false);
    });
  });

  describe('a clock of the server that is set forward', () => {
    const misled = (heard: Knowledge, steps: ReadonlyArray<readonly [number, number]> = [[300, 5_000]]) => {
      const { one, at } = exceptions();
      for (const [time, ms] of steps) at(time, () => one.clockSet(ms));
      at(400, () => one.granted(ask(), RECORD, heard, 1));
      return one.excuse(span('a', 1, 0, 500), span('b', 2, 401, 2_000));
    };

    it('misleads who had not heard of the store since the lease was written', () => {
      expect(misled({ written: 200, before: undefined, since: undefined })).toBe(true);
      expect(misled({ written: 200, before: undefined, since: 350 })).toBe(true);
    });

    it('does not mislead who had heard of the store before', () => {
      expect(misled({ written: 200, before: 100, since: undefined })).toBe(false);
      expect(misled({ written: 200, before: 100, since: 350 })).toBe(false);
      expect(misled({ written: 200, before: undefined, since: 250 })).toBe(false);
    });

    it('misleads who had heard of it under a clock that was ahead', () => {
      expect(
        misled({ written: 200, before: 100, since: undefined }, [
          [150, -5_000],
          [300, 5_000],
        ]),
      ).toBe(true);
    });

    it('does not mislead once it is corrected, where the lease was written while it was behind itself', () => {
      const misledBy = (...times: number[]) => {
        const { one, at } = exceptions();
        for (const time of times) one.wrote(time);
        at(100, () => one.clockSet(-5_000));
        at(300, () => one.clockSet(5_000));
        at(400, () => one.granted(ask(), RECORD, { written: 200, before: undefined, since: undefined }, 1));
        return one.excuse(span('a', 1, 0, 500), span('b', 2, 401, 2_000));
      };
      expect(misledBy(7_000, 7_500)).toBe(true);
      expect(misledBy(7_500, 7_000)).toBe(false);
    });

    it('does not mislead where it was set before the lease was written', () => {
      expect(misled({ written: 350, before: undefined, since: undefined })).toBe(false);
    });
  });

  it('frozen clocks make a leader go on, until a ttl after they have thawed', () => {
    const { one, freeze } = exceptions();
    freeze('a', 100, 2_000);
    expect(one.excuse(span('a', 1, 0, 3_000), span('b', 2, 1_200, 4_000))).toBe(true);
    expect(one.excuse(span('a', 1, 0, 3_001), span('b', 2, 1_200, 4_000))).toBe(false);
    expect(one.excuse(span('c', 1, 0, 2_500), span('b', 2, 1_200, 4_000))).toBe(false);
    // Nor do tokens say who came first, where they may fall.
    expect(one.excuse(span('b', 1, 1_200, 4_000), span('a', 2, 0, 3_000))).toBe(false);
    one.lost();
    one.clockSet(-1_000);
    expect(one.excuse(span('b', 1, 1_200, 4_000), span('a', 2, 0, 3_000))).toBe(true);
    expect(one.excuse(span('b', 1, 1_200, 4_000), span('a', 2, 0, 3_001))).toBe(false);
  });

  it('one whose clocks freeze while another leads by frozen clocks learns of it as much later', () => {
    const { one, freeze } = exceptions();
    freeze('a', 100, 2_000);
    freeze('b', 2_900, 5_000);
    expect(one.excuse(span('a', 1, 0, 6_500), span('b', 2, 1_200, 6_000))).toBe(true);
    expect(one.excuse(span('a', 1, 0, 6_500), span('b', 2, 1_200, 6_001))).toBe(false);
    expect(one.excuse(span('c', 1, 0, 6_500), span('b', 2, 1_200, 3_500))).toBe(false);
  });

  it('one whose lease the store loses while another leads by frozen clocks learns of it as much later', () => {
    const { one, at, freeze } = exceptions();
    freeze('a', 100, 2_000);
    at(2_900, () => one.lost());
    expect(one.excuse(span('a', 1, 0, 6_500), span('b', 2, 1_200, 3_900))).toBe(true);
    expect(one.excuse(span('a', 1, 0, 6_500), span('b', 2, 1_200, 3_901))).toBe(false);
    expect(one.excuse(span('c', 1, 0, 6_500), span('b', 2, 1_200, 3_500))).toBe(false);
  });

  it('tokens may fall where something was lost and the clock of the server was set back, and then one after the other', () => {
    const { one } = exceptions();
    const [higher, lower] = [span('a', 9, 0, 500), span('b', 2, 600, 900)];
    expect(one.excuse(lower, higher)).toBe(false);
    one.lost();
    expect(one.excuse(lower, higher)).toBe(false);
    one.clockSet(-1_000);
    expect(one.mayLowerTokens).toBe(true);
    expect(one.excuse(lower, higher)).toBe(true);
    expect(one.excuse(span('b', 2, 400, 900), higher)).toBe(false);
  });
});
