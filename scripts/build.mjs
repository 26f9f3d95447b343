/**
 * Builds lib/ as ES modules and as CommonJS, each with its types. Two passes of tsc rather than a bundler: what is
 * published stays readable, and its types are the ones the sources were checked with.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = new URL('../', import.meta.url);
const dist = new URL('dist/', root);
const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', root));

/** @param {string[]} args */
function compile(...args) {
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(status ?? 1);
}

// A file that is gone from lib/ must not be published from an older build.
rmSync(dist, { recursive: true, force: true });
compile();
// An import statement is never verbatim in CommonJS.
const COMMONJS = ['--module', 'commonjs', '--moduleResolution', 'bundler', '--verbatimModuleSyntax', 'false'];
compile(...COMMONJS, '--outDir', 'dist/cjs');
// The package says that .js means ES module; here it does not.
mkdirSync(new URL('cjs/', dist), { recursive: true });
writeFileSync(new URL('cjs/package.json', dist), `${JSON.stringify({ type: 'commonjs' })}\n`);
