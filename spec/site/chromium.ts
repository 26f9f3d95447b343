import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  // Nothing but loopback resolves: no page can reach another machine.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

/** Chromium's program: `CHROMIUM_BIN`, or what the `PATH` has. */
function program(): string {
  const { CHROMIUM_BIN, PATH = '' } = process.env;
  const candidates = PATH.split(path.delimiter).flatMap((folder) => NAMES.map((name) => path.join(folder, name)));
  const found = CHROMIUM_BIN ?? candidates.find(existsSync);
  if (found === undefined) {
    throw new Error('Chromium is not installed. Run `apt-get install chromium`, or set CHROMIUM_BIN to its path.');
  }
  return found;
}

export const startChromium = (): Promise<Browser> =>
  chromium.launch({ executablePath: program(), args: FLAGS, headless: true, timeout: 30_000 });
