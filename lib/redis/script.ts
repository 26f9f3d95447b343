import { createHash } from 'node:crypto';
import type { Keys } from './keys.js';

/** A Lua script, and the hash by which Redis knows it. */
export interface ScriptText {
  readonly source: string;
  readonly sha: string;
}

/** A Lua script that takes its keys and arguments by name. */
export interface Script<Names, Args> extends ScriptText {
  /** KEYS, in the order of the script's header. */
  readonly keys: (names: Names) => string[];
  /** ARGV, in the order of the script's header. */
  readonly args: (args: Args) => string[];
}

/** A script on one election. */
export type ElectionScript<Args> = Script<Keys, Args>;

export const script = <Names, Args>(
  source: string,
  keys: (names: Names) => string[],
  args: (args: Args) => string[],
): Script<Names, Args> => ({ source, sha: createHash('sha1').update(source).digest('hex'), keys, args });

/** An argument that may be absent, which is empty in Lua. */
export const optional = (value: number | undefined): string => (value === undefined ? '' : String(value));

/** A boolean argument. */
export const flag = (value: boolean): string => (value ? '1' : '0');
