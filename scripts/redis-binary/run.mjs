import { spawn } from 'node:child_process';

/** The end of each stream is what error messages need; a build prints megabytes. */
const KEPT = 64 * 1024;

/**
 * Runs a command to its end, at most `timeout` ms, and never rejects: callers try several ways and go on to the next.
 *
 * The command gets a process group of its own, because `make` and `apt-get` have children: a timeout, and the end of
 * this process, must reach those too.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{timeout: number, cwd?: string, env?: NodeJS.ProcessEnv}} options
 * @returns {Promise<{ok: boolean, stdout: string, stderr: string, why: string}>} `why` says what went wrong, in a line
 */
export function run(command, args, { timeout, cwd, env }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const out = { stdout: '', stderr: '' };
    for (const stream of /** @type {const} */ (['stdout', 'stderr'])) {
      child[stream].setEncoding('utf8').on('data', (text) => {
        out[stream] = (out[stream] + text).slice(-KEPT);
      });
    }

    const killGroup = () => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // the group has ended already
      }
    };
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      killGroup();
    }, timeout);
    process.on('exit', killGroup);

    /** @param {string} why */
    const settle = (why) => {
      clearTimeout(timer);
      process.off('exit', killGroup);
      resolve({ ok: why === '', ...out, why });
    };
    child.on('error', (error) => settle(error.message));
    child.on('close', (code, signal) => {
      if (timedOut) settle(`${command} did not end within ${timeout} ms`);
      else if (code === 0) settle('');
      else settle(`${command} ended with ${signal ?? code}: ${lastLine(out.stderr) || lastLine(out.stdout)}`);
    });
  });
}

/** @param {string} text */
function lastLine(text) {
  return text.trim().split('\n').at(-1) ?? '';
}
