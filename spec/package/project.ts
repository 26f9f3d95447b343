import { cpSync, existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { node, npm } from './command.js';

/** A scratch user project: the files of a consumer, its dependencies and the packed library. */
export interface Project {
  readonly folder: string;
  /** Runs a file or program of the project in Node. Resolves to its output; rejects if it fails. */
  run(file: string, args?: readonly string[], env?: NodeJS.ProcessEnv): Promise<string>;
  /** The packages installed, by name. */
  installed(): string[];
}

/** The tarball that `setup.mjs` has packed. */
export const tarball = (): string => process.env.RX_LEADER_TARBALL ?? '';

/**
 * Installs the named consumer beside the tarball, as a user would.
 *
 * `packages` replace its default dependencies. The project is deleted with the tarball's folder.
 */
export async function install(consumer: string, ...packages: readonly string[]): Promise<Project> {
  const folder = path.join(path.dirname(tarball()), [consumer, ...packages].join('-'));
  cpSync(path.join(__dirname, 'consumers', consumer), folder, { recursive: true });
  const quietly = ['--no-package-lock', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'];
  await npm(folder, 'install', '--no-save', ...quietly, tarball(), ...packages);
  return {
    folder,
    run: (file, args = [], env = {}) => node(folder, [file, ...args], env),
    installed: () => packagesIn(path.join(folder, 'node_modules')),
  };
}

function packagesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => {
      if (name.startsWith('@')) return packagesIn(path.join(folder, name)).map((each) => `${name}/${each}`);
      const own = path.join(folder, name, 'node_modules');
      return existsSync(own) ? [name, ...packagesIn(own).map((each) => `${name} › ${each}`)] : [name];
    });
}
