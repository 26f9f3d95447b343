import { describe, expect, it } from '@jest/globals';
import { type Script, type ScriptOptions, spawnScript } from './script.js';
import { until } from './until.js';

interface Line {
  told?: string;
  count?: number;
  stopping?: boolean;
}

const teller = (args?: readonly string[], options?: ScriptOptions<Line>) =>
  spawnScript<Line>('spec/support/fixtures/teller.ts', args, options);

const counted = async (script: Script<Line>): Promise<number> =>
  (await script.next(({ count }) => count !== undefined)).count as number;

const alive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('spawnScript', () => {
  it('runs TypeScript and passes arguments and environment', async () => {
    await using first = teller(['by argument']);
    await using second = teller([], { env: { TOLD: 'by environment' } });
    expect(await first.next(({ told }) => told !== undefined)).toEqual({ told: 'by argument' });
    expect(await second.next(({ told }) => told !== undefined)).toEqual({ told: 'by environment' });
  });

  it('passes messages while it runs, and none after it has ended', async () => {
    await using script = teller(['by argument']);
    await script.next(({ told }) => told !== undefined);
    script.tell('by message');
    expect(await script.next(({ told }) => told !== undefined)).toEqual({ told: 'by message' });
    script.signal('SIGTERM');
    await script.exit;
    expect(() => script.tell('too late')).not.toThrow();
  });

  it('reads lines on request', async () => {
    await using script = spawnScript('spec/support/fixtures/teller.ts', ['x'], { parse: (line) => line.toUpperCase() });
    expect(await script.next((line) => line.includes('JSON'))).toBe('NOT JSON');
  });

  it('iterates over lines, including those printed meanwhile', async () => {
    await using script = teller();
    await until(() => script.lines().some(({ count }) => count === 4));
    expect(await counted(script)).toBe(1);
    expect((await script.next(({ count }) => count === 3)).count).toBe(3);
    expect(await counted(script)).toBe(4);
    await expect(script.next(({ count }) => count === 2, 100)).rejects.toThrow(/no such line within 100 ms/);
  });

  it('signals the script, and reports its exit and its output', async () => {
    await using script = teller();
    await counted(script);
    script.signal('SIGTERM');
    expect(await script.exit).toEqual({ code: 3, signal: null });
    expect(script.lines().at(-1)).toEqual({ stopping: true });
  });

  it('rejects at once, with the error output, when the script has ended', async () => {
    await using script = teller();
    await counted(script);
    script.signal('SIGKILL');
    await expect(script.next(({ count }) => count === -1, 15_000)).rejects.toThrow(/ended with SIGKILL.*a complaint/s);
    await using missing = spawnScript('spec/support/fixtures/no-such.ts');
    await expect(missing.next(() => true, 15_000)).rejects.toThrow('no-such.ts');
  });

  it('kills a stopped script at disposal', async () => {
    const script = teller();
    await counted(script);
    script.signal('SIGSTOP');
    await script[Symbol.asyncDispose](); // no other signal would end it
    expect(alive(script.pid)).toBe(false);
    expect(await script.exit).toEqual({ code: null, signal: 'SIGKILL' });
  });
});

describe('guard', () => {
  it('leaves no stopped child behind when a process is killed', async () => {
    await using parent = spawnScript<{ child: number }>('spec/support/fixtures/parent.ts');
    const { child } = await parent.next(() => true);
    let gone = false;
    // The child shares its parent's pipes, so the output ends only when both are gone.
    const watched = parent.exit.then(() => {
      gone = true;
    });
    try {
      parent.signal('SIGKILL');
      await until(() => gone, { what: 'the child to go with its parent' });
      await watched;
    } finally {
      if (!gone) process.kill(child, 'SIGKILL');
    }
  });
});
