import { describe, expect, it } from '@jest/globals';
import { countLines } from '../../bench/monitor.js';

const LINES = [
  '+1700000000.000001 [1 127.0.0.1:50000] "evalsha" "abc" "1" "lease-a"',
  '+1700000000.000002 [1 lua] "get" "lease-a"',
  '+1700000000.000003 [1 lua] "pexpire" "lease-a" "5000"',
  '+1700000000.000004 [2 127.0.0.1:50001] "get" "lease-a"',
  '+1700000000.000005 [1 127.0.0.1:50002] "get" "lease-b"',
  '+1700000000.000006 [11 [::1]:50002] "get" "lease-b"',
  'neither here nor there',
];

describe('requests by what MONITOR says', () => {
  it("are told from a script's commands, and one database's from another's", () => {
    expect(countLines(LINES, 1)).toEqual({ requests: 2, inScripts: 2 });
    expect(countLines(LINES, 2)).toEqual({ requests: 1, inScripts: 0 });
    expect(countLines(LINES, 3)).toEqual({ requests: 0, inScripts: 0 });
  });

  it('are those of one lease where only that is asked for', () => {
    expect(countLines(LINES, 1, 'lease-b')).toEqual({ requests: 1, inScripts: 0 });
  });
});
