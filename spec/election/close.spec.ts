import { describe, expect, it } from '@jest/globals';
import { fails, granted, held, says, silence } from '../support/scripted-store.js';
import { virtually } from '../support/virtual-time.js';

describe('close', () => {
  it('emits follower/closed and completes at once when it ends a term', () => {
    virtually(({ candidate, at, expectAsked, expectTold }) => {
      const { store, election } = candidate();
      at(100, () => void election.close());
      const asked = ' a 99ms r';
      const told = '  -L 98ms (C|)';
      expectAsked(store).toBe(asked);
      expectTold(election).toBe(told);
    });
  });

  it('only completes without a term, and sends nothing to the store', () => {
    virtually(({ candidate, at, expectAsked, expectTold }) => {
      const { store, election } = candidate({ acquire: [held(9_999)] });
      at(100, () => void election.close());
      const asked = ' a';
      const told = '  -S 98ms |';
      expectAsked(store).toBe(asked);
      expectTold(election).toBe(told);
    });
  });

  it('completes an election with the role error', () => {
    virtually(({ candidate, at, expectTold }) => {
      const { election } = candidate({ acquire: [fails('STORE_DENIED')] });
      at(100, () => void election.close());
      expectTold(election).toBe('-F 98ms |');
    });
  });

  it('awaits an acquire in flight, emits nothing of it, and releases what it granted (G4)', () => {
    const store = virtually(({ candidate, at, expectAsked, expectTold, expectSubscriptions }) => {
      const { store, election } = candidate({ acquire: [granted(7, 60)] });
      at(20, () => void election.close());
      const asked = '    a 59ms r';
      const told = '     20ms |';
      const acquire = '  ^ 59ms !';
      expectAsked(store).toBe(asked);
      expectTold(election).toBe(told);
      expectSubscriptions(store.spans.acquire).toBe(acquire);
      return store;
    });
    expect(store.requests.release[0]?.id).toBe(store.requests.acquire[0]?.id);
  });

  it('releases by id after an acquire in flight that is not answered within timeout (G4)', () => {
    const store = virtually(({ candidate, at, expectAsked, expectTold, expectSubscriptions }) => {
      const { store, election } = candidate({ acquire: [silence], release: [silence] });
      at(20, () => void election.close());
      const asked = '    a 99ms r';
      const told = '     20ms |';
      const acquire = '  ^ 99ms !';
      const release = '  100ms ^ 99ms !';
      expectAsked(store).toBe(asked);
      expectTold(election).toBe(told);
      expectSubscriptions(store.spans.acquire).toBe(acquire);
      expectSubscriptions(store.spans.release).toBe(release);
      return store;
    });
    expect(store.requests.release[0]?.id).toBe(store.requests.acquire[0]?.id);
  });

  it('releases nothing after an acquire that finds another holder', () => {
    virtually(({ candidate, at, expectAsked }) => {
      const { store, election } = candidate({ acquire: [held(9_999, 60)] });
      expectAsked(store).toBe('a');
      election.subscribe();
      at(20, () => void election.close());
    });
  });

  it('cancels a read in flight', () => {
    virtually(({ candidate, at, expectAsked, expectSubscriptions }) => {
      const { store, election } = candidate({ acquire: [silence], read: [silence] });
      expectAsked(store).toBe('a 124ms d 9ms r');
      election.subscribe();
      at(135, () => void election.close());
      expectSubscriptions(store.spans.read).toBe('125ms ^ 9ms !');
    });
  });

  it('releases after a renewal in flight, not beside it', () => {
    virtually(({ candidate, at, expectAsked, expectTold }) => {
      const { store, election } = candidate({ renew: [says({ status: 'renewed' }, 50)] });
      at(610, () => void election.close());
      const asked = ' a 599ms n 49ms r';
      const told = '  -L 608ms (C|)';
      expectAsked(store).toBe(asked);
      expectTold(election).toBe(told);
    });
  });

  it('completes later subscribers at once, without a request', () => {
    virtually(({ candidate, at, expectAsked, expectTold }) => {
      const { store, election } = candidate({ acquire: [held(9_999)] });
      at(20, () => void election.close());
      expectAsked(store).toBe('a');
      expectTold(election).toBe('-S 18ms |');
      expectTold(election, '40ms ^').toBe('40ms |');
    });
  });

  it('works before the first subscription', () => {
    virtually(({ candidate, expectAsked, expectTold }) => {
      const { store, election } = candidate();
      void election.close();
      expectAsked(store).toBe('');
      expectTold(election).toBe('|');
    });
  });
});
