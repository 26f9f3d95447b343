import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { parseArguments } from '../../demo/arguments.js';

const directory = mkdtempSync(path.join(tmpdir(), 'rx-leader-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('parseArguments', () => {
  it('takes none', () => {
    expect(parseArguments([])).toEqual({ help: false, quick: false });
  });

  it('takes a server, a file and a pace', () => {
    const svg = path.join(directory, 'run.svg');
    const args = ['--redis', 'rediss://user:secret@[::1]:6380/3', '--svg', svg, '--quick'];
    expect(parseArguments(args)).toEqual({ help: false, quick: true, redis: args[1], svg });
  });

  it.each([
    [['--redis', 'localhost:6379'], '--redis must be a URL such as redis://localhost:6379; received "localhost:6379"'],
    [['--redis', 'http://localhost'], '--redis must be a URL'],
    [['--redis', 'redis://'], '--redis must be a URL'],
    [['--svg', directory], 'is a directory'],
    [['--svg', path.join(directory, 'none', 'run.svg')], 'cannot be written'],
    [['--svg', ''], '--svg must name a file'],
    [['--fast'], "Unknown option '--fast'"],
    [['--redis'], "'--redis <value>' argument missing"],
    [['quick'], "Unexpected argument 'quick'"],
  ])('refuses %j', (args, message) => {
    expect(() => parseArguments(args)).toThrow(message);
  });
});
