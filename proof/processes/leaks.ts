import { inspect } from 'node:util';

/** A login whose password is looked for in all that is shown. */
export const LOGIN = { username: 'candidate', password: 'marked-password-7f3a' };

/** What makes a server know it: a user that may do everything. */
export const KNOWS_LOGIN = ['--user', LOGIN.username, 'on', `>${LOGIN.password}`, '~*', '&*', '+@all'];

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
export const leaks = (error: unknown, secret = LOGIN.password): string[] =>
  Object.entries(WAYS).flatMap(([name, show]) => (show(error).includes(secret) ? [name] : []));
