import { describe, expect, it } from '@jest/globals';
import type { LeaseRequest } from '../../lib/port/lease-store.js';
import { acquireReply, listReply, readReply, releaseReply, renewReply } from '../../lib/redis/reply.js';

const request: LeaseRequest = { verb: 'read', key: 'an election', timeout: 1_000 };
const parsers = { acquireReply, renewReply, releaseReply, readReply };

/** The common fields of a reply after its status, and their parsed form. */
const SIGHT = ['1700000000123456', '1700000000000000', '1700000005123'];
const sight = { time: 1_700_000_000_123.456, token: 1_700_000_000_000_000, until: 1_700_000_005_123 };

/** [parser, raw reply, reply] for every return value in the headers of the scripts. */
const ANSWERS = [
  ['acquireReply', ['granted', ...SIGHT, 'abc'], { status: 'granted', ...sight, run: 'abc' }],
  ['acquireReply', ['granted', ...SIGHT, ''], { status: 'granted', ...sight }],
  [
    'acquireReply',
    ['held', ...SIGHT, 'id', '250', 'name', 'data', '7'],
    { status: 'held', ...sight, holder: { id: 'id', name: 'name', data: 'data', token: 7, expiresIn: 250 } },
  ],
  [
    'acquireReply',
    ['held', ...SIGHT, 'id', '250', '', '', '', '9000'],
    { status: 'held', ...sight, holder: { id: 'id', expiresIn: 250 }, cut: 9_000 },
  ],
  [
    'acquireReply',
    ['held', ...SIGHT, 'id', 0, '', '', ''],
    { status: 'held', ...sight, holder: { id: 'id', expiresIn: 0 } },
  ],
  ['acquireReply', ['suspect', ...SIGHT, '99'], { status: 'suspect', ...sight, wait: 99 }],
  ['acquireReply', ['late', ...SIGHT], { status: 'late', ...sight }],
  ['renewReply', ['renewed', ...SIGHT], { status: 'renewed', ...sight }],
  ['renewReply', ['late', ...SIGHT], { status: 'late', ...sight }],
  ['renewReply', ['lost', ...SIGHT, '', 0, '', '', ''], { status: 'lost', ...sight }],
  [
    'renewReply',
    ['lost', ...SIGHT, 'id', 1, 'name', '', '7'],
    { status: 'lost', ...sight, holder: { id: 'id', name: 'name', token: 7, expiresIn: 1 } },
  ],
  ['releaseReply', ['released', ...SIGHT], { status: 'released', ...sight }],
  ['releaseReply', ['gone', ...SIGHT], { status: 'gone', ...sight }],
  ['readReply', ['free', ...SIGHT], { status: 'free', ...sight }],
  [
    'readReply',
    ['held', ...SIGHT, 'id', 5, '', '', ''],
    { status: 'held', ...sight, holder: { id: 'id', expiresIn: 5 } },
  ],
] as const;

describe.each(ANSWERS)('%s of %j', (parser, answer, reply) => {
  const parse = (raw: unknown) => parsers[parser](raw, request);

  it('is parsed', () => {
    expect(parse([...answer])).toEqual(reply);
  });

  it.each([
    ['Buffers', (field: string | number) => Buffer.from(String(field))],
    ['text throughout', String],
    ['String objects', (field: string | number) => Object(String(field))],
  ])('is parsed also as %s', (_, map) => {
    expect(parse(answer.map(map))).toEqual(reply);
  });

  it('is invalid for other verbs, unless they share the status', () => {
    const takers = ANSWERS.filter(([, [status]]) => status === answer[0]).map(([taker]) => taker);
    for (const [name, other] of Object.entries(parsers)) {
      if ((takers as string[]).includes(name)) continue;
      expect(() => other([...answer], request)).toThrow(expect.objectContaining({ code: 'STORE_REPLY' }));
    }
  });
});

describe('an invalid reply', () => {
  const circular: unknown[] = [];
  circular.push(circular);

  it.each([
    ['nothing', null],
    ['undefined', undefined],
    ['text', 'OK'],
    ['a number', 1],
    ['an object', { status: 'free' }],
    ['an empty list', []],
    ['too few fields', ['free', '1', '2']],
    ['an unknown status', ['maybe', ...SIGHT]],
    ['a list of lists', [[], [], [], []]],
    ['something circular', circular],
    ['a big integer that JSON cannot show', [1n, 2n]],
    ['no time', ['free', '', '0', '0']],
    ['a time that is no number', ['free', 'soon', '0', '0']],
    ['a negative until', ['free', '1', '0', '-1']],
    ['a fractional token', ['free', '1', '0.5', '0']],
    ['a token above what a number holds exactly', ['free', '1', '9007199254740993', '0']],
    ['an infinite token', ['free', '1', 'Infinity', '0']],
    ['a holder without the ms left', ['held', ...SIGHT, 'id']],
    ['a holder whose lease has no expiry', ['held', ...SIGHT, 'id', '-1', '', '', '']],
    ['a holder with a token that is none', ['held', ...SIGHT, 'id', '1', '', '', 'x']],
  ])('is STORE_REPLY: %s', (_, raw) => {
    expect(() => readReply(raw, request)).toThrow(
      expect.objectContaining({
        name: 'ElectionError',
        code: 'STORE_REPLY',
        message: expect.stringContaining('read of "an election"'),
      }),
    );
  });

  it('is STORE_REPLY if a suspect lease has no wait', () => {
    expect(() => acquireReply(['suspect', ...SIGHT], request)).toThrow(
      expect.objectContaining({ code: 'STORE_REPLY' }),
    );
  });

  it('is quoted in the message, at least its start', () => {
    expect(() => readReply(['maybe', 'x'.repeat(1000)], request)).toThrow('["maybe","xxx');
    expect(() => readReply(['maybe', 'x'.repeat(1000)], request)).toThrow(/^.{0,300}$/);
  });
});

describe('a list', () => {
  const list = (...rest: string[]) => listReply(['listed', ...SIGHT, ...rest], request).candidates;

  it('has the candidates with their names, and when each was last seen', () => {
    expect(list('{"id":"a","name":"A","data":"http://a"}', '1700000000123.9', '{"id":"b"}', '5')).toEqual([
      { id: 'a', name: 'A', data: 'http://a', lastSeen: 1_700_000_000_123 },
      { id: 'b', lastSeen: 5 },
    ]);
  });

  it.each([
    ['has a name that is none', '{"id":"a","name":7}', '5'],
    ['has data that are no text', '{"id":"a","data":{}}', '5'],
    ['was last seen never', '{"id":"a"}', 'inf'],
    ['was last seen after all time', '{"id":"a"}', '1e300'],
  ])('omits one that %s', (_, member, lastSeen) => {
    expect(list(member, lastSeen, '{"id":"b"}', '5')).toEqual([{ id: 'b', lastSeen: 5 }]);
  });
});
