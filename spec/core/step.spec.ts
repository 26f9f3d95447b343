import { describe, expect, it } from '@jest/globals';
import { NOTHING_KNOWN } from '../../lib/core/memory.js';
import type { State } from '../../lib/core/state.js';
import { initialState, wakeAt } from '../../lib/core/step.js';
import { Candidate, held, LIFETIME, SETTINGS, storeError } from '../support/candidate.js';

describe('initialState', () => {
  it('starts without a role, under a new id, with the memory of earlier candidacies', () => {
    const memory = { ...NOTHING_KNOWN, token: 5 };
    const state = initialState(memory, { settings: SETTINGS, now: 30, random: () => 0, nextId: () => 'id' });
    expect(state).toMatchObject({ phase: 'campaigning', role: undefined, id: 'id', memory, nextAt: 30 });
  });
});

describe('step', () => {
  it('does not change the state that it receives', () => {
    const freeze = (state: State): State => Object.freeze(state);
    const candidate = new Candidate();
    candidate.state = freeze(candidate.state);
    candidate.wake(0);
    candidate.state = freeze(candidate.state);
    candidate.reply(1, { status: 'granted', token: 7 });
    candidate.state = freeze(candidate.state);
    candidate.close(2);
    expect(candidate.state.phase).toBe('exiting');
  });

  it('ignores every reply except the one to the request in flight (G4)', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    const { sent } = candidate.state;
    if (!sent) throw new Error('no request is in flight');
    candidate.fail(100, 'STORE_TIMEOUT');
    candidate.wake(125);
    const before = candidate.state;
    const late = { kind: 'reply', sent, reply: { status: 'granted', token: 7 } } as const;
    expect(candidate.on(late, 126)).toEqual([]);
    expect(candidate.state).toEqual(before);
    expect(candidate.on({ kind: 'failure', sent, error: storeError('STORE_DENIED') }, 127)).toEqual([]);
    expect(candidate.state).toEqual(before);
  });

  it('ends a term past its deadline before it handles the event, during an exit too (G2)', () => {
    const candidate = Candidate.leading();
    expect(candidate.close(LIFETIME)).toEqual([{ role: 'follower', reason: 'expired' }]);
    expect(candidate.asks).toBeUndefined(); // the work is still stopping
    candidate.on({ kind: 'drained' }, LIFETIME);
    expect(candidate.asks).toMatchObject({ verb: 'release', id: 'me/1' });
    const other = Candidate.leading();
    expect(other.resign(LIFETIME, 50)).toEqual([{ role: 'follower', reason: 'expired' }]);
    expect(other.state.phase).toBe('campaigning');
  });

  it('never repeats a role, and emits follower after leader', () => {
    const candidate = new Candidate();
    const roles: string[] = [];
    const note = (decisions: readonly { role: string }[]) => roles.push(...decisions.map(({ role }) => role));
    note(candidate.wake(0));
    note(candidate.fail(1, 'STORE_READONLY'));
    note(candidate.wake(501));
    note(candidate.fail(502, 'STORE_DENIED'));
    note(candidate.wake(1_002));
    note(candidate.reply(1_003, held(100)));
    note(candidate.wake(1_104));
    note(candidate.reply(1_105, { status: 'granted', token: 7 }));
    note(candidate.wake(1_704));
    note(candidate.fail(1_705, 'KEY_CONFLICT'));
    expect(roles).toEqual(['error', 'follower', 'leader', 'follower', 'error']);
  });

  it('ignores the end of work outside an exit', () => {
    const candidate = Candidate.leading();
    const before = candidate.state;
    candidate.on({ kind: 'drained' }, 5);
    expect(candidate.state).toEqual(before);
  });

  it('does nothing once it is done', () => {
    const candidate = new Candidate();
    candidate.close(0);
    const before = candidate.state;
    candidate.wake(5_000);
    candidate.on({ kind: 'notice', notice: { kind: 'connected' } }, 5_001);
    candidate.on({ kind: 'drained' }, 5_002);
    expect(candidate.state).toEqual(before);
  });
});

describe('wakeAt', () => {
  it('is the deadline while a renewal is in flight, and the next renewal otherwise', () => {
    const candidate = Candidate.leading();
    expect(candidate.wakesAt).toBe(600);
    candidate.wake(600);
    expect(candidate.wakesAt).toBe(LIFETIME);
  });

  it('is the deadline when the next renewal would come after it', () => {
    const candidate = Candidate.leading();
    candidate.wake(600);
    candidate.fail(LIFETIME - 10, 'STORE_TIMEOUT');
    expect(candidate.wakesAt).toBe(LIFETIME);
  });

  it('is the end of the drain during an exit, if that comes before the next renewal', () => {
    const candidate = Candidate.leading();
    candidate.close(100);
    expect(candidate.wakesAt).toBe(400);
    const longer = Candidate.leading({ drain: 5_000 });
    longer.close(100);
    expect(longer.wakesAt).toBe(600);
  });

  it('is never while only a reply can change the state', () => {
    const candidate = new Candidate();
    candidate.wake(0);
    expect(wakeAt(candidate.state)).toBe(Number.POSITIVE_INFINITY);
  });
});
