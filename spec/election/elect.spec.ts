import { describe, expect, it } from '@jest/globals';
import { firstValueFrom, isObservable, map } from 'rxjs';
import { elect } from '../../lib/election/elect.js';
import { LiveElection } from '../../lib/election/live-election.js';
import { ScriptedStore, silence } from '../support/scripted-store.js';
import { letter, virtually } from '../support/virtual-time.js';

describe('elect', () => {
  it('returns an Election, which is an Observable, an async iterable and disposable', () => {
    const election = elect({ store: new ScriptedStore(), key: 'k' });
    expect(election).toBeInstanceOf(LiveElection);
    expect(isObservable(election)).toBe(true);
    expect(election[Symbol.asyncIterator]).toEqual(expect.any(Function));
    expect(election[Symbol.asyncDispose]).toEqual(expect.any(Function));
  });

  it('throws for wrong options at the call, not later', () => {
    const wrong = expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining('"ttl"') });
    expect(() => elect({ store: new ScriptedStore(), key: 'k', ttl: 5 })).toThrow(wrong);
  });

  it('measures leases and sets timers by a virtual scheduler’s own time', () => {
    virtually(({ scheduler, at }) => {
      const election = elect({ store: new ScriptedStore({ renew: Array(9).fill(silence) }), key: 'k', scheduler });
      const times: number[] = [];
      const subscription = election.subscribe(() => times.push(scheduler.now()));
      at(9_000, () => expect(election.term?.remaining()).toBeCloseTo(299.98, 2));
      at(9_400, () => {
        subscription.unsubscribe();
        // 10 000 × 0.99 / 1.01 − 2 − 500, counted from the request. The error follows at the same
        // instant.
        expect(times).toEqual([1, expect.closeTo(9_299.98, 2), expect.closeTo(9_299.98, 2)]);
      });
    });
  });

  it('uses the store’s forElection, if it has one', () => {
    virtually(({ scheduler, at }) => {
      const own: ScriptedStore[] = [];
      const forElection = () => {
        own.push(new ScriptedStore());
        return own.at(-1) as ScriptedStore;
      };
      const store = Object.assign(new ScriptedStore(), { forElection });
      const elections = [1, 2].map(() => elect({ store, key: 'k', scheduler }));
      const candidacies = elections.map((election) => election.subscribe());
      at(9, () => {
        for (const candidacy of candidacies) candidacy.unsubscribe();
        expect(own.map(({ requests }) => requests.acquire.length)).toEqual([1, 1]);
        expect(store.requests.acquire).toEqual([]);
      });
    });
  });

  it('runs in real time without a scheduler', async () => {
    const election = elect({ store: new ScriptedStore(), key: 'k' });
    const role = await firstValueFrom(election.pipe(map(() => election.role)));
    expect(role).toBe('leader');
    await election.close();
  });

  it('creates two elections that share nothing but the key', () => {
    virtually(({ candidate, at }) => {
      const [one, other] = [candidate(), candidate()];
      const first = one.election.subscribe();
      const letters: string[] = [];
      const second = other.election.subscribe((transition) => letters.push(letter(transition)));
      at(50, () => {
        first.unsubscribe();
        expect([one.election.role, other.election.role]).toEqual([undefined, 'leader']);
        second.unsubscribe();
        expect(letters).toEqual(['L']);
        expect(one.store.requests.acquire[0]?.id).not.toBe(other.store.requests.acquire[0]?.id);
      });
    });
  });
});
