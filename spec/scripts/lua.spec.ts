import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';
import { generate, stripLua } from '../../scripts/lua.cjs';

describe('stripping Lua', () => {
  it.each([
    ['a comment of its own line', 'local a\n-- why\nlocal b', 'local a\nlocal b'],
    ['a comment behind code, with the space before it', 'local a = 1 -- why', 'local a = 1'],
    ['a comment with quotes in it', "local a -- the server's\nlocal b = 'x'", "local a\nlocal b = 'x'"],
    ['indentation', 'if a then\n  b()\n\tc()\nend', 'if a then\nb()\nc()\nend'],
    ['space at the end of a line', 'local a \nlocal b', 'local a\nlocal b'],
    ['an empty line', 'a()\n  \nb()', 'a()\nb()'],
  ])('takes out %s', (_, source, stripped) => {
    expect(stripLua(source)).toBe(stripped);
  });

  it.each([
    ['dashes in a string', 'local a = \'x -- y\' .. "x -- y"'],
    ['a quote of the other kind, or an escaped one, before them', `local a = "it's -- so" .. 'it\\'s -- so' .. '\\\\'`],
    ['spaces in a string', "return '  a  '"],
    ['a minus, and two with a space', 'local a = b - -c'],
    ['spaces between words', 'return  a,  b'],
  ])('leaves %s', (_, source) => {
    expect(stripLua(source)).toBe(source);
  });

  it.each(['local a = [[x]]', 'local a = [==[ x ]==]', '--[[ why ]] local a', 'local a --[=[ why ]=]'])(
    'refuses what it would not understand: %s',
    (source) => {
      expect(() => stripLua(source)).toThrow('long bracket');
    },
  );

  it('leaves an index of an index', () => {
    expect(stripLua('return a[b[1]]')).toBe('return a[b[1]]');
  });
});

describe('generating TypeScript from Lua', () => {
  const HEADER = `-- count: counts.
--
-- KEYS[1] lease
-- KEYS[2] record
-- ARGV[1] id: string
-- ARGV[2] ttl: number, ms
-- ARGV[3] limit: number | undefined, server ms
-- ARGV[4] quiet: boolean, whether it is quiet
-- ARGV[i+4] grants: string[], one for each lease

-- @include prelude
`;
  const BODY = 'return { text(id), ttl * FACTOR, limit, quiet, grants(1) }\n';
  const includes = { prelude: 'local function text(x) return x end -- as text\n' };
  const generated = (script: string) => generate({ scripts: [script], includes, constants: ['FACTOR', 'OTHER'] });

  it('declares the arguments of the header as locals of their names, behind the includes', () => {
    expect(generated(HEADER + BODY)).toContain(`const COUNT = \`\${PRELUDE_LUA}local id, ttl, limit, quiet = \
ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4] == '1'
local function grants(i) return ARGV[i+4] end
return { text(id), ttl * \${FACTOR}, limit, quiet, grants(1) }
\`;`);
  });

  it('makes a function that takes the arguments by name and returns them in order', () => {
    expect(generated(HEADER + BODY)).toContain(
      '({ id, ttl, limit, quiet, grants }: CountArgs) => [id, String(ttl), optional(limit), flag(quiet), ...grants]',
    );
  });

  it('documents each argument by its header', () => {
    expect(generated(HEADER + BODY)).toContain('  /** ms */\n  readonly ttl: number;\n');
  });

  it('imports the constants that the scripts use, and no others', () => {
    expect(generated(HEADER + BODY)).toContain("import { FACTOR } from '../port/limits.js';");
  });

  it.each([
    ['an argument out of order', HEADER.replace('ARGV[2]', 'ARGV[3]') + BODY, 'expected ARGV[2], not ARGV[3]'],
    ['an argument of an unknown form', HEADER.replace('ttl: number', 'ttl') + BODY, 'cannot read the argument'],
    ['an argument that is not used', HEADER + BODY.replace('quiet', 'limit'), 'unused arguments quiet'],
    ['an unknown name', `${HEADER}${BODY.replace('ttl', 'tll')}`, 'unknown names tll'],
    ['a syntax error', `${HEADER}if ${BODY}`, 'expected'],
    ['a missing include', (HEADER + BODY).replace('include prelude', 'include other'), 'no include other'],
    ['a missing header', BODY, 'must begin with'],
  ])('refuses %s', (_, script, message) => {
    expect(() => generated(script)).toThrow(message);
  });
});

it('lib/redis/scripts.ts is in step with the Lua files', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/lua.mjs', '--check'], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
