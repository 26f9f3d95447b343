import { describe, expect, it } from '@jest/globals';
import { stripLua, stripTemplates } from '../../scripts/lua.cjs';

describe('stripping Lua', () => {
  it.each([
    ['a comment of its own line', 'local a\n-- why\nlocal b', 'local a\n\nlocal b'],
    ['a comment behind code, with the space before it', 'local a = 1 -- why', 'local a = 1'],
    ['a comment with quotes in it', "local a -- the server's\nlocal b = 'x'", "local a\nlocal b = 'x'"],
    ['indentation', 'if a then\n  b()\n\tc()\nend', 'if a then\nb()\nc()\nend'],
    ['space at the end of a line', 'local a \nlocal b', 'local a\nlocal b'],
    ['all of an empty line but the line', 'a()\n  \nb()', 'a()\n\nb()'],
  ])('takes out %s', (_, source, stripped) => {
    expect(stripLua(source)).toBe(stripped);
  });

  it.each([
    ['dashes in a string', 'local a = \'x -- y\' .. "x -- y"'],
    ['a quote of the other kind, or an escaped one, before them', `local a = "it's -- so" .. 'it\\'s -- so' .. '\\\\'`],
    ['spaces in a string', "return '  a  '"],
    ['a minus, and two with a space', 'local a = b - -c'],
    ['what JavaScript puts in', `local a = ${'$'}{x --  y}`],
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

describe('stripping a script of ours', () => {
  it('touches nothing but template strings of several lines', () => {
    const rest = ['  // -- a comment', "  const a = '  -- a';", '  const b = `  -- b`;', '  const c = `  b`;', ''].join(
      '\n',
    );
    expect(stripTemplates(`${rest}const LUA = \`\n  -- why, \\\`so\\\`\n  local a\n\`;\n${rest}`)).toBe(
      `${rest}const LUA = \`\n\nlocal a\n\`;\n${rest}`,
    );
  });
});
