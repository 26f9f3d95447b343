import { describe, expect, it } from '@jest/globals';
import { parseInboxMessage, parseNotice } from '../../lib/redis/parse-notice.js';

const ELECTED = { event: 'elected', id: 'me', name: 'my name', data: 'http://me', token: 7, until: 9, ttl: 500 };
const RELEASED = { event: 'released', id: 'me' };

const notice = (message: unknown) => parseNotice(JSON.stringify(message));

describe('parseNotice', () => {
  it('returns an election with the whole ttl left', () => {
    const holder = { id: 'me', name: 'my name', data: 'http://me', token: 7, expiresIn: 500 };
    expect(notice(ELECTED)).toEqual({ kind: 'elected', holder });
  });

  it('omits an empty name and data, as replies do', () => {
    const holder = { id: 'me', token: 7, expiresIn: 500 };
    expect(notice({ ...ELECTED, name: '', data: '' })).toEqual({ kind: 'elected', holder });
  });

  it('returns a cut', () => {
    expect(notice({ event: 'cut', id: 'me', ttl: 1 })).toEqual({ kind: 'cut', id: 'me' });
  });

  it('returns a release, with the successor if there is one', () => {
    expect(notice(RELEASED)).toEqual({ kind: 'released', id: 'me' });
    expect(notice({ ...RELEASED, successor: 'you' })).toEqual({ kind: 'released', id: 'me', successor: 'you' });
  });

  it('ignores unknown fields', () => {
    expect(notice({ ...RELEASED, kind: 'elected', holder: 'x', more: [] })).toEqual({ kind: 'released', id: 'me' });
  });

  it.each([
    '',
    'x',
    '{',
    '"',
    'null',
    '0',
    'true',
    '[]',
    '"released"',
    '{}',
    '{"event":"released"}',
    '{"__proto__":{"event":"released","id":"me"}}',
    '\u0000',
    '['.repeat(100_000),
  ])('ignores %j', (message) => {
    expect(parseNotice(message)).toBeUndefined();
  });

  const WRONG: Record<string, unknown[]> = {
    event: ['renewed', 'connected', 'listening', 'deaf', '', 0, null, undefined, ['elected'], {}],
    id: ['', 0, null, undefined, true, ['me'], { id: 'me' }],
    name: [0, null, undefined, [], {}],
    data: [0, null, undefined, [], {}],
    token: [0, -1, 1.5, '7', null, undefined, [7], 2 ** 53],
    ttl: [0, -1, 1.5, '500', null, undefined, [500], 2 ** 31],
  };

  it.each(Object.entries(WRONG).flatMap(([field, values]) => values.map((value) => [field, value] as const)))(
    'ignores an election with the %s %j',
    (field, value) => {
      expect(notice({ ...ELECTED, [field]: value })).toBeUndefined();
    },
  );

  it.each([
    ...['id', 'event'].flatMap((field) => (WRONG[field] ?? []).map((value) => [field, value] as const)),
    ...['', 0, null, false, ['you'], {}].map((value) => ['successor', value] as const),
  ])('ignores a release with the %s %j', (field, value) => {
    expect(notice({ ...RELEASED, [field]: value })).toBeUndefined();
  });
});

describe('parseInboxMessage', () => {
  const whisper = (message: unknown) => parseInboxMessage(JSON.stringify(message));

  it('returns a release and the channel of its election', () => {
    const notice = { kind: 'released', id: 'me' };
    expect(whisper({ ...RELEASED, channel: 'leader:{k}' })).toEqual({ channel: 'leader:{k}', notice });
  });

  it.each([
    ['a release of no election', RELEASED],
    ['a release of an election without a name', { ...RELEASED, channel: '' }],
    ['a release of what is no name', { ...RELEASED, channel: 5 }],
    ['an election', { ...ELECTED, channel: 'leader:{k}' }],
    ['a cut', { event: 'cut', id: 'me', channel: 'leader:{k}' }],
    ['nothing', null],
  ])('ignores %s', (_, message) => {
    expect(whisper(message)).toBeUndefined();
  });
});
