import { flag, type ParseText, parseOptions, value } from '../scripts/support/options.js';
import { writable } from '../scripts/support/writable.js';

/** The user's arguments. */
export interface Arguments {
  readonly help: boolean;
  readonly quick: boolean;
  /** The user's own server, which the demo leaves as it was. */
  readonly redis?: string;
  readonly svg?: string;
}

export const USAGE = `Four processes stand for leader in one election, and their leader meets one incident after another.

  npm run demo -- [options]

  --redis URL   on your own Redis (redis:// or rediss://), under a key of its own that is removed
                afterwards, and without killing that Redis; otherwise on one of the demo's own
  --svg FILE    also draws the run into FILE
  --quick       with shorter leases and pauses, in half the time
  --help        says this`;

/** Throws an error with a message for the user if the arguments are invalid. */
export function parseArguments(args: readonly string[]): Arguments {
  const { help, quick, redis, svg } = parseOptions(args, {
    quick: flag(),
    redis: value(redisUrl),
    svg: value(writable),
  });
  return { help, quick, ...(redis !== undefined && { redis }), ...(svg !== undefined && { svg }) };
}

const redisUrl: ParseText<string> = (name, text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && ['redis:', 'rediss:'].includes(url.protocol) && url.hostname !== '') return text;
  throw new Error(`--${name} must be a URL such as redis://localhost:6379; received "${text}"`);
};
