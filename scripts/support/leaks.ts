import { inspect } from 'node:util';

/** How an error may come before somebody's eyes. */
const WAYS: Readonly<Record<string, (error: unknown) => string>> = {
  inspect: (error) => inspect(error, { depth: null, showHidden: true, maxArrayLength: null, maxStringLength: null }),
  string: (error) => String(error),
  stack: (error) => String((error as Error).stack),
  json: (error) => JSON.stringify(error),
  fields: (error) => JSON.stringify(error, Object.getOwnPropertyNames(error)),
  clone: (error) => inspect(structuredClone(error), { depth: null, showHidden: true }),
};

/** The ways in which `error` shows `secret`. */
export const leaks = (error: unknown, secret: string): string[] =>
  Object.entries(WAYS).flatMap(([name, show]) => (show(error).includes(secret) ? [name] : []));
