const luaparse = require('luaparse');

// CommonJS, so that jest can load it as well as the generator.

/** What Redis offers to a script, as far as the scripts use it. */
const GLOBALS = new Set(
  'KEYS ARGV redis cjson string table math tonumber type next pairs ipairs pcall unpack'.split(' '),
);

/** A string, which stays, or a long bracket, a comment, or white space at an end of a line. */
const TOKEN =
  /("(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*')|(?:--)?\[=*\[|[ \t]*--(?!\[=*\[).*|^[ \t]+|[ \t]+$/gm;

/**
 * Removes comments, indentation and empty lines. Strings stay as they are.
 *
 * @param {string} source
 */
function stripLua(source) {
  const stripped = source.replace(TOKEN, (token, kept) => {
    if (/^(--)?\[/.test(token)) throw new Error(`Lua with a long bracket, which cannot be stripped: ${token}`);
    return kept ?? '';
  });
  return stripped.replace(/\n{2,}/g, '\n').replace(/^\n/, '');
}

/**
 * @typedef {{ index: string, name: string, type: string, doc: string }} Argument
 * @typedef {{ name: string, title: string, keys: Array<{ index: string, name: string }>, args: Argument[],
 *   includes: string[], body: string }} Script
 */

const FIRST = /^-- (\w+): (.+)/;
const KEY = /^-- KEYS\[([\w-]+)\] (\w+)$/;
const ARGUMENT =
  /^-- ARGV\[([\w+]+)\] (\w+): ((?:'\w+'(?: \| '\w+')*)|[a-z]+(?:\[\])?(?: \| undefined)?)(?:[,;] (.*))?$/;
const INCLUDE = /^-- @include (\w+)$/;

/**
 * Reads the header and the includes of a script.
 *
 * @param {string} source
 * @returns {Script}
 */
function parseScript(source) {
  const lines = source.split('\n');
  const [, name = '', title = ''] = FIRST.exec(lines[0] ?? '') ?? [];
  if (name === '') throw new Error(`A script must begin with "-- name: what it does", not "${lines[0]}"`);
  const keys = lines.flatMap((line) => {
    const [, index = '', key = ''] = KEY.exec(line) ?? [];
    return key ? [{ index, name: key }] : [];
  });
  const args = lines.flatMap((line) => {
    if (!line.startsWith('-- ARGV[')) return [];
    const [, index = '', arg = '', type = '', doc = ''] = ARGUMENT.exec(line) ?? [];
    if (!arg) throw new Error(`${name}: cannot read the argument "${line}"`);
    return [{ index, name: arg, type, doc }];
  });
  for (const [i, { index, type }] of args.entries()) {
    const expected = type === 'string[]' ? `i+${i}` : String(i + 1);
    if (index !== expected) throw new Error(`${name}: expected ARGV[${expected}], not ARGV[${index}]`);
  }
  const includes = lines.flatMap((line) => INCLUDE.exec(line)?.[1] ?? []);
  return { name, title, keys, args, includes, body: source };
}

/**
 * Declares the arguments as local variables of their names.
 *
 * @param {readonly Argument[]} args
 */
function declareLocals(args) {
  const plain = args.filter(({ type }) => type !== 'string[]');
  const values = plain.map(({ type, index }) => {
    if (type.startsWith('number')) return `tonumber(ARGV[${index}])`;
    return type === 'boolean' ? `ARGV[${index}] == '1'` : `ARGV[${index}]`;
  });
  const declared = plain.length > 0 ? `local ${plain.map(({ name }) => name).join(', ')} = ${values.join(', ')}\n` : '';
  const rest = args.filter(({ type }) => type === 'string[]');
  return declared + rest.map(({ name, index }) => `local function ${name}(i) return ARGV[${index}] end\n`).join('');
}

/** @param {string} name */
const constantOf = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

/** @param {Script} script */
const interfaceOf = ({ name }) => `${name[0]?.toUpperCase()}${name.slice(1)}Args`;

/** @param {Argument} argument */
function encode({ name, type }) {
  switch (type) {
    case 'number':
      return `String(${name})`;
    case 'number | undefined':
      return `optional(${name})`;
    case 'boolean':
      return `flag(${name})`;
    case 'string[]':
      return `...${name}`;
    default:
      return name;
  }
}

/**
 * Lua as a template literal. The names of `constants` become their values there.
 *
 * @param {string} lua
 * @param {readonly string[]} constants
 */
function template(lua, constants) {
  const escaped = lua.replace(/[\\`]|\$\{/g, '\\$&');
  return escaped.replace(/\b[A-Z_]+\b/g, (word) => (constants.includes(word) ? `\${${word}}` : word));
}

/**
 * Throws for a syntax error, an unknown global name, or an argument that is not used.
 *
 * @param {Script} script
 * @param {string} lua
 * @param {readonly string[]} constants
 */
function check({ name, args, body }, lua, constants) {
  const tree = luaparse.parse(lua, { luaVersion: '5.1', scope: true });
  const globals = /** @type {Array<{ name: string }>} */ (/** @type {any} */ (tree).globals).map((each) => each.name);
  const unknown = globals.filter((each) => !GLOBALS.has(each) && !constants.includes(each));
  if (unknown.length > 0) throw new Error(`${name}: unknown names ${unknown.join(', ')}`);
  const code = stripLua(body);
  const unused = args.filter((arg) => !new RegExp(`\\b${arg.name}\\b`).test(code));
  if (unused.length > 0) throw new Error(`${name}: unused arguments ${unused.map((arg) => arg.name).join(', ')}`);
}

/** @param {Script} script */
function declareArgs(script) {
  if (script.args.length === 0) return '';
  const fields = script.args.map(({ name, type, doc }) => {
    const declared = type === 'string[]' ? 'readonly string[]' : type;
    return `${doc ? `  /** ${doc} */\n` : ''}  readonly ${name}: ${declared};\n`;
  });
  return `/** The arguments of \`${script.name}\`. */\nexport interface ${interfaceOf(script)} {\n${fields.join('')}}\n\n`;
}

/** @param {Script} script */
function callOf(script) {
  const names = script.keys.map(({ name }) => name);
  const isMany = script.keys.some(({ index }) => index.includes('i'));
  const keys = isMany
    ? `(elections: readonly Keys[]) => elections.flatMap(({ ${names.join(', ')} }) => [${names.join(', ')}])`
    : `({ ${names.join(', ')} }: Keys) => [${names.join(', ')}]`;
  const args =
    script.args.length === 0
      ? '() => []'
      : `({ ${script.args.map(({ name }) => name).join(', ')} }: ${interfaceOf(script)}) => [${script.args.map(encode).join(', ')}]`;
  return `  ${script.name}: script(${constantOf(script.name)}, ${keys}, ${args}),\n`;
}

/**
 * The TypeScript file of all scripts.
 *
 * @param {{ scripts: readonly string[], includes: Readonly<Record<string, string>>, constants: readonly string[] }} sources
 */
function generate({ scripts, includes, constants }) {
  const parsed = scripts.map(parseScript);
  let lua = Object.entries(includes)
    .map(([name, text]) => `const ${constantOf(name)}_LUA = \`${template(stripLua(text), constants)}\`;\n\n`)
    .join('');
  for (const script of parsed) {
    const locals = declareLocals(script.args);
    const body = locals + stripLua(script.body);
    const parts = script.includes.map((name) => {
      const text = includes[name];
      if (text === undefined) throw new Error(`${script.name}: there is no include ${name}`);
      return text;
    });
    check(script, [...parts, body].join('\n'), constants);
    const used = script.includes.map((name) => `\${${constantOf(name)}_LUA}`).join('');
    lua += `const ${constantOf(script.name)} = \`${used}${template(body, constants)}\`;\n\n`;
  }
  const imported = constants.filter((name) => lua.includes(`\${${name}}`)).sort();
  return `// Generated from lib/redis/scripts/*.lua by \`npm run lua\`. Do not edit.
${imported.length > 0 ? `import { ${imported.join(', ')} } from '../port/limits.js';\n` : ''}import type { Keys } from './keys.js';
import { flag, optional, script } from './script.js';

${parsed.map(declareArgs).join('')}${lua}export const scripts = {
${parsed.map((each) => `  /** ${each.title[0]?.toUpperCase()}${each.title.slice(1)} */\n${callOf(each)}`).join('')}} as const;
`;
}

module.exports = { generate, stripLua };
