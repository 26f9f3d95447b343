import { describe, expect, it } from '@jest/globals';
import { readReply } from '../../bench/reply.js';

const read = (text: string) => readReply(Buffer.from(text), 0);

describe('a reply of Redis', () => {
  it.each([
    ['+OK\r\n', 'OK'],
    [':-2\r\n', -2],
    ['_\r\n', null],
    ['$-1\r\n', null],
    ['*-1\r\n', null],
    ['$0\r\n\r\n', ''],
    ['$6\r\na\r\nbé\r\n', 'a\r\nbé'],
    ['*2\r\n:1\r\n*1\r\n$1\r\nx\r\n', [1, ['x']]],
    ['%1\r\n+a\r\n:1\r\n', ['a', 1]],
    ['-ERR no\r\n', new Error('ERR no')],
  ])('%j is read', (text, reply) => {
    expect(read(text)).toEqual({ reply, end: Buffer.byteLength(text), push: false });
  });

  it('is told from what comes unasked', () => {
    expect(read('>2\r\n+message\r\n+hello\r\n')).toMatchObject({ reply: ['message', 'hello'], push: true });
  });

  it('is waited for until all of it is there', () => {
    const text = '*2\r\n$3\r\nabc\r\n:12\r\n';
    for (let length = 0; length < text.length; length++) expect(read(text.slice(0, length))).toBeUndefined();
  });

  it('ends where the next one begins', () => {
    const buffer = Buffer.from('+a\r\n+b\r\n');
    const first = readReply(buffer, 0);
    expect(readReply(buffer, first?.end ?? 0)).toMatchObject({ reply: 'b' });
  });

  it('is refused where it is none', () => {
    expect(() => read('HTTP/1.1 200 OK\r\n')).toThrow('no reply begins with "H"');
  });
});
