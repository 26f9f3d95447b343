import { describe, expect, it } from '@jest/globals';
import { redact } from '../../lib/port/redact.js';

describe('redact', () => {
  it.each([
    ['a URL with a user', 'connect redis://app:s3cret@host:6379 failed', 'connect redis://[redacted]@host:6379 failed'],
    ['a URL with a password only', 'rediss://:s3cret@host/0', 'rediss://[redacted]@host/0'],
    ['a URL whose password is not encoded', 'redis://app:s3c@re/s3cret@host', 'redis://[redacted]@host'],
    ['a URL with a query', 'redis://host/?password=s3cret&db=1', 'redis://host/?password=[redacted]&db=1'],
    [
      'a login that Redis does not know, as of 7',
      "ERR unknown command 'AUTH', with args beginning with: 'app' 's3cret' ",
      "ERR unknown command 'AUTH', with args beginning with: [redacted]",
    ],
    [
      'a login that Redis does not know, as of 5',
      'ERR unknown command `HELLO`, with args beginning with: `3`, `AUTH`, `default`, `s3cret`, ',
      'ERR unknown command `HELLO`, with args beginning with: [redacted]',
    ],
    [
      'a line of MONITOR',
      '1339518083.1 [0 127.0.0.1:60866] "AUTH" "app" "s3cret"',
      '1339518083.1 [0 127.0.0.1:60866] "AUTH" [redacted]',
    ],
    ['a command in JSON', 'sent ["HELLO","3","AUTH","app","s3cret"]', 'sent ["HELLO","3","AUTH" [redacted]'],
    ['a command as ioredis has it', "{ name: 'auth', args: [ 'app', 's3cret' ] }", "{ name: 'auth' [redacted]"],
    ['a command as typed', 'failed: AUTH app s3cret', 'failed: AUTH [redacted]'],
    ['a setting', 'config "set" "requirepass" "s3cret"', 'config "set" "requirepass" [redacted]'],
    [
      'an object that is shown',
      "{ username: 'app', password: 's3\\'cret' }",
      "{ username: 'app', password: [redacted] }",
    ],
    ['an object in JSON', '{"password":"s3\\"cret","db":1}', '{"password":[redacted],"db":1}'],
    ['options of sentinels', "{ sentinelPassword: 's3cret' }", '{ sentinelPassword: [redacted] }'],
  ])('hides %s', (_, text, shown) => {
    expect(redact(text)).toBe(shown);
    expect(redact(`${shown} and more`)).toBe(`${shown} and more`);
  });

  it('hides each line separately', () => {
    expect(redact('AUTH s3cret\nERR args beginning with: s3cret\n  at f (redis://u:s3cret@h)')).toBe(
      'AUTH [redacted]\nERR args beginning with: [redacted]\n  at f (redis://[redacted]@h)',
    );
  });

  it.each([
    'WRONGPASS invalid username-password pair or user is disabled.',
    'NOAUTH Authentication required.',
    'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time',
    'ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?',
    'ERR Client sent AUTH, but no password is set',
    "ERR wrong number of arguments for 'auth' command",
    "NOPERM User app has no permissions to run the 'evalsha' command",
    'connect ECONNREFUSED 127.0.0.1:6379',
    'connect to redis://127.0.0.1:6379 failed',
    'Invalid option "password": there is no such option',
    'acquire of "host:123@zone" failed',
  ])('leaves "%s" unchanged', (text) => {
    expect(redact(text)).toBe(text);
  });

  it('is fast for long texts', () => {
    const begun = performance.now();
    for (const part of ['a', 'a-', 'a:', 'AUTH ', 'password', '"auth" ', "'", 'a://']) redact(part.repeat(20_000));
    expect(performance.now() - begun).toBeLessThan(2_000);
  });
});
