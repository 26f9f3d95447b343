import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { guard, killAndWait } from './guard.js';
import { until } from './until.js';

export interface ScriptOptions<Line> {
  /** Added to this process's environment. */
  env?: NodeJS.ProcessEnv;
  /**
   * Reads one printed line; one it throws at is kept for error messages only. `JSON.parse` by
   * default.
   */
  parse?: (line: string) => Line;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface Script<Line> extends AsyncDisposable {
  readonly pid: number;
  /** Settles when the process is gone and everything it printed has been read. */
  readonly exit: Promise<Exit>;
  /** Every line read so far. */
  lines(): readonly Line[];
  /**
   * The next line that satisfies `predicate`, counting from the one that the last `next` returned:
   * lines that came meanwhile count, lines passed over are not looked at again.
   *
   * Rejects after `within` ms. The default of 60 000 lets a process start on a slow machine.
   * Rejects at once with the script's stderr if the script has ended.
   */
  next(predicate: (line: Line) => boolean, within?: number): Promise<Line>;
  signal(signal: NodeJS.Signals): void;
  /** Sends it a message, `process.on('message')` on its side; one that has ended gets none. */
  tell(message: string): void;
}

/**
 * Runs a TypeScript (or compiled) file in a Node of its own (the one running the specs), from the
 * package root, and reads the JSON lines it prints. Other lines are kept for error messages.
 * Disposal kills it, also while it is stopped.
 */
export function spawnScript<Line = Record<string, unknown>>(
  file: string,
  args: readonly string[] = [],
  { env = {}, parse = JSON.parse }: ScriptOptions<Line> = {},
): Script<Line> {
  const loader = file.endsWith('.ts') ? ['--import', 'tsx'] : []; // a compiled one starts three times as fast without it
  const child = spawn(process.execPath, [...loader, file, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  }) as ChildProcessByStdio<null, Readable, Readable>;
  guard(child);
  const lines: Line[] = [];
  let noise = '';
  let taken = 0;
  let ended: Exit | undefined;

  eachLine(child.stdout, (line) => {
    try {
      lines.push(parse(line));
    } catch {
      noise += `${line}\n`;
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    noise += text;
  });
  const exit = new Promise<Exit>((resolve) => {
    const settle = (code: number | null, signal: NodeJS.Signals | null) => {
      ended = { code, signal };
      resolve(ended);
    };
    child.once('close', settle);
    child.once('error', (error) => {
      noise += error.message;
      settle(null, null);
    });
  });

  const take = (predicate: (line: Line) => boolean): Line | undefined => {
    const index = lines.findIndex((line, i) => i >= taken && predicate(line));
    if (index === -1) return undefined;
    taken = index + 1;
    return lines[index];
  };
  const report = () =>
    `${file} ${ended ? `ended with ${ended.signal ?? ended.code}` : 'is running'}, ` +
    `it printed ${JSON.stringify(lines.slice(-5))} and ${noise.trim() || 'nothing else'}`;

  return {
    pid: child.pid ?? -1,
    exit,
    lines: () => lines,
    async next(predicate, within = 60_000) {
      const look = () => {
        const line = take(predicate);
        return line === undefined ? ended && { none: true as const } : { line };
      };
      const found = await until(look, { within }).catch(() => undefined);
      if (found && 'line' in found) return found.line;
      throw new Error(`no such line${found ? '' : ` within ${within} ms`}: ${predicate}; ${report()}`);
    },
    signal: (signal) => {
      if (ended === undefined) child.kill(signal);
    },
    tell: (message) => {
      if (child.connected) child.send(message, () => {}); // it may end at this very moment
    },
    async [Symbol.asyncDispose]() {
      await killAndWait(child);
      // A child of the script may hold the pipes open. Do not wait for it.
      child.stdout.destroy();
      child.stderr.destroy();
      await exit;
    },
  };
}

function eachLine(stream: NodeJS.ReadableStream, take: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) if (line !== '') take(line);
  });
  stream.on('end', () => {
    if (rest !== '') take(rest);
  });
}
