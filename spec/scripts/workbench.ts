import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface Outcome {
  code: number;
  out: string;
  err: string;
}

/**
 * A directory to settle a redis-server in, with programs that only pretend, and a cache of its
 * own.
 */
export class Workbench {
  readonly dir = mkdtempSync(path.join(tmpdir(), 'rx-leader-binary-'));

  /** Writes a program that says what a redis-server of that version would, or fails. */
  fake(file: string, version: string | undefined, name = 'Redis'): string {
    return this.program(file, version ? `echo "${name} server v=${version} sha=0:0"` : 'exit 1');
  }

  program(file: string, script: string): string {
    const full = path.join(this.dir, file);
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(full, `#!/bin/sh\n${script}\n`);
    chmodSync(full, 0o755);
    return full;
  }

  /** Runs the script, with `bin` in this directory as its only PATH. */
  settle({ ways = 'given,path', env = {} }: { ways?: string; env?: NodeJS.ProcessEnv } = {}): Promise<Outcome> {
    const args = ['scripts/redis-binary.mjs', '--cache', path.join(this.dir, 'cache'), '--ways', ways];
    const options = {
      env: { PATH: path.join(this.dir, 'bin'), ...env },
      timeout: 100_000,
      killSignal: 'SIGKILL',
    } as const;
    return new Promise((resolve) => {
      execFile(process.execPath, args, options, (error, out, err) => {
        resolve({ code: error ? Number(error.code ?? -1) : 0, out, err });
      });
    });
  }

  settled(): { server: string; version: string } {
    return JSON.parse(readFileSync(path.join(this.dir, 'cache/redis.json'), 'utf8'));
  }

  clear(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }
}
