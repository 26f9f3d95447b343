/**
 * Generates lib/redis/scripts.ts from the Lua files in lib/redis/scripts/, `npm run lua`. Lua has to
 * be in strings, since the CommonJS build cannot find files beside a module, and the generated file
 * is committed, so that no tool needs a loader. With `--check`, fails if that file is out of step.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { generate } from './lua.cjs';

const root = new URL('../', import.meta.url);
const folder = new URL('lib/redis/scripts/', root);
const target = new URL('lib/redis/scripts.ts', root);
const biome = fileURLToPath(new URL('node_modules/@biomejs/biome/bin/biome', root));

/** @param {URL} url */
const luaFiles = (url) =>
  readdirSync(url)
    .filter((name) => name.endsWith('.lua'))
    .sort();

/** @param {string} source */
function format(source) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [biome, 'format', `--stdin-file-path=${fileURLToPath(target)}`],
    { cwd: root, input: source, encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`The generated file cannot be formatted:\n${stderr}`);
  return stdout;
}

const includes = new URL('includes/', folder);
const limits = readFileSync(new URL('lib/port/limits.ts', root), 'utf8');
const generated = format(
  generate({
    scripts: luaFiles(folder).map((name) => readFileSync(new URL(name, folder), 'utf8')),
    includes: Object.fromEntries(
      luaFiles(includes).map((name) => [name.replace('.lua', ''), readFileSync(new URL(name, includes), 'utf8')]),
    ),
    constants: [...limits.matchAll(/^export const (\w+)/gm)].map(([, name]) => name ?? ''),
  }),
);

if (!process.argv.includes('--check')) writeFileSync(target, generated);
else if (readFileSync(target, 'utf8') !== generated) {
  process.stderr.write('lib/redis/scripts.ts is out of step with lib/redis/scripts/*.lua: run `npm run lua`\n');
  process.exitCode = 1;
}
