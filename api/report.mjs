/**
 * Writes the public API of each entry point to `api/*.api.md`, as API Extractor reads it from the built types.
 *
 *     npm run api               writes the reports
 *     npm run api -- --check    compares them, prints what differs, and fails if anything does
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Extractor, ExtractorConfig } from '@microsoft/api-extractor';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What each entry point of package.json is built from. */
const ENTRIES = { 'rx-leader': 'index', 'rx-leader-store': 'port/index', 'rx-leader-testing': 'testing/index' };

const COMPILER_OPTIONS = {
  target: 'es2022',
  lib: ['es2022', 'esnext.disposable'],
  module: 'nodenext',
  moduleResolution: 'nodenext',
  types: ['node'],
  typeRoots: [path.join(ROOT, 'node_modules/@types')],
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
};

/**
 * The report of one entry point: all declarations that users can see, also those that are not exported by name.
 *
 * @param {string} name
 * @param {string} types
 * @param {string} folder
 */
function report(name, types, folder) {
  const silent = { default: { logLevel: /** @type {const} */ ('none') } };
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: ROOT,
      mainEntryPointFilePath: path.join(ROOT, 'dist/esm', `${types}.d.ts`),
      compiler: { overrideTsconfig: { compilerOptions: COMPILER_OPTIONS, include: ['dist/esm'] } },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: folder,
        reportTempFolder: path.join(folder, 'temp'),
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: { extractorMessageReporting: silent, tsdocMessageReporting: silent },
    },
    packageJsonFullPath: path.join(ROOT, 'package.json'),
    configObjectFullPath: undefined,
  });
  const { succeeded } = Extractor.invoke(config, {
    localBuild: true,
    messageCallback: (message) => {
      message.handled = message.logLevel !== 'error';
    },
  });
  if (!succeeded) throw new Error(`API Extractor has failed for ${name}`);
  return withoutDocs(readFileSync(path.join(folder, `${name}.api.md`), 'utf8'));
}

/** The report is about names and types. What has a docstring is checked elsewhere. @param {string} text */
const withoutDocs = (text) =>
  text.replace(/^ *\/\/ (@public )?\(undocumented\)\n/gm, '').replace(/^\/\/ @public\n/gm, '');

/** Prints how `expected`, a file, differs from `actual`, another one; returns whether it does. @param {string} expected @param {string} actual */
function differs(expected, actual) {
  return spawnSync('git', ['diff', '--no-index', '--', expected, actual], { cwd: ROOT, stdio: 'inherit' }).status !== 0;
}

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const temporary = mkdtempSync(path.join(tmpdir(), 'rx-leader-api-'));
try {
  for (const [name, types] of Object.entries(ENTRIES)) {
    const kept = path.join('api', `${name}.api.md`);
    const text = report(name, types, temporary);
    const file = values.check ? path.join(temporary, `${name}.api.md`) : path.join(ROOT, kept);
    writeFileSync(file, text);
    if (values.check && differs(kept, file)) process.exitCode = 1;
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
if (process.exitCode)
  console.error('The public API has changed. If it is meant to, run `npm run api` and commit the reports.');
