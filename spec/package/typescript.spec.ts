import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type RedisServer, startRedis } from '../support/redis.js';
import { documentedModules } from './documentation.js';
import { install, type Project } from './project.js';

const COMPILERS = { '7': 'typescript', '6': 'typescript-6', '5.9': 'typescript-5' } as const;
type Version = keyof typeof COMPILERS;
const VERSIONS = Object.keys(COMPILERS) as Version[];

/** The settings under test, and what each emits that Node can run. */
const SETTINGS: Readonly<Record<string, readonly string[]>> = {
  nodenext: ['election.js', 'election.cjs'],
  node16: ['election.js', 'election.cjs'],
  bundler: ['election.js'],
};

const LED = { told: ['leader, token true', 'follower, closed', 'INVALID_OPTION'], hadTime: true };

let server: RedisServer;
let project: Project;

beforeAll(async () => {
  [server, project] = await Promise.all([startRedis(), install('typescript')]);
  mkdirSync(path.join(project.folder, 'docs'));
  for (const { name, source } of documentedModules()) {
    writeFileSync(path.join(project.folder, 'docs', `${name}.ts`), source);
  }
});

afterAll(async () => {
  await server?.[Symbol.asyncDispose]();
});

const compile = (version: Version, setting: string, ...args: string[]) =>
  project.run(`node_modules/${COMPILERS[version]}/bin/tsc`, ['-p', `tsconfig.${setting}.json`, ...args]);

describe('the code in README.md and docs', () => {
  it('is compiled here, the quick start and all other pages', () => {
    const modules = documentedModules();
    const names = modules.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining(['readme-quick-start', 'docs-deployments-quorum-quorum-of-independent-servers']),
    );
    expect(new Set(names).size).toBe(names.length);
    const [start] = modules.filter(({ name }) => name === 'readme-quick-start');
    expect(start?.source).toContain('await election.close();');
  });

  it('runs as it stands, if it leaves nothing to its reader', async () => {
    const complete = documentedModules().filter(({ isComplete }) => isComplete);
    expect(complete.map(({ name }) => name)).toContain('docs-guide-testing-in-virtual-time');
    await compile('7', 'nodenext', '--outDir', 'out/complete');
    for (const { name } of complete) await project.run(`out/complete/docs/${name}.js`);
  });
});

describe.each(VERSIONS)('strict TypeScript %s', (version) => {
  it('is the version that it is said to be', async () => {
    expect(await project.run(`node_modules/${COMPILERS[version]}/bin/tsc`, ['--version'])).toContain(
      `Version ${version}.`,
    );
  });

  it.each(Object.keys(SETTINGS))('finds nothing wrong with %s, and what it emits stands and leads', async (setting) => {
    const out = `out/${version}-${setting}`;
    await compile(version, setting, '--outDir', out);
    for (const file of SETTINGS[setting] ?? []) {
      expect(JSON.parse(await project.run(`${out}/src/${file}`, [], { REDIS_URL: server.url }))).toEqual(LED);
    }
  });

  it('needs neither the types of Node nor those of a Redis client', async () => {
    await compile(version, 'bare');
  });

  it('refuses what is wrong, so that the above is worth something', async () => {
    writeFileSync(path.join(project.folder, 'wrong.mts'), "import { elect } from 'rx-leader';\nelect({ key: 1 });\n");
    const wrong = ['--ignoreConfig', 'wrong.mts', '--noEmit', '--module', 'nodenext'];
    const args = version === '5.9' ? wrong.slice(1) : wrong;
    await expect(project.run(`node_modules/${COMPILERS[version]}/bin/tsc`, args)).rejects.toThrow(/wrong\.mts.*TS\d+/);
  });
});
