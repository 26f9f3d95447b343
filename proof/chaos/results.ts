import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Evidence } from './verdict.js';

/** The folder for the results of runs; not under version control. */
const FOLDER = 'chaos-results';

/** A folder of this run's own, made when something is put there. */
export class Results {
  readonly folder: string;

  constructor(seed: number, now = new Date()) {
    const time = now.toISOString().replaceAll(/[-:]|\.\d+Z/g, '');
    this.folder = path.join(FOLDER, `${time}-seed-${seed}`);
  }

  put(name: string, content: string): string {
    mkdirSync(this.folder, { recursive: true });
    const file = path.join(this.folder, name);
    writeFileSync(file, content);
    return file;
  }

  /**
   * Keeps all that helps to find what went wrong: logs and faults, as a line of JSON each, and the
   * problems.
   */
  keep({ logs, faults, recoveries }: Evidence, wrongs: readonly string[]): string {
    for (const { who, lines, stops } of logs) {
      this.put(`${who.replace('/', '-')}.jsonl`, jsonLines([...lines, ...(stops ?? []).map((stop) => ({ stop }))]));
    }
    this.put('faults.jsonl', jsonLines(faults));
    this.put('recoveries.jsonl', jsonLines(recoveries));
    this.put('wrongs.txt', `${wrongs.join('\n')}\n`);
    return this.folder;
  }
}

const jsonLines = (values: readonly unknown[]): string => values.map((value) => `${JSON.stringify(value)}\n`).join('');
