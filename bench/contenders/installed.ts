import { createRequire } from 'node:module';
import type { Link } from '../contender.js';

const require = createRequire(new URL('../package.json', import.meta.url));

/**
 * A package of bench/package.json. The caller states its type, because the root's types do not
 * include the package.
 */
export const installed = <Package>(name: string): Package => require(name) as Package;

/** What the rivals ask of a client, or rather what we ask for them. */
export interface Redis {
  on(event: 'error', listener: (error: Error) => void): unknown;
  once(event: 'ready', listener: () => void): unknown;
}

/** A connected client as all rivals want it. */
export async function ioredis({ host, port, database }: Link): Promise<Redis> {
  const { Redis } = installed<{ Redis: new (options: object) => Redis }>('ioredis');
  const client = new Redis({ host, port, db: database });
  await new Promise<void>((resolve, reject) => {
    client.once('ready', resolve);
    client.on('error', reject); // later ones change nothing
  });
  return client;
}
