import type { Subscription } from 'rxjs';
import type { LeaseStore, Notice } from '../../lib/port/lease-store.js';
import type { Client } from '../support/redis.js';
import { until } from '../support/until.js';
import { KEY } from './ask.js';

/** A listener, and the notices it has received. */
export interface Listener {
  readonly heard: Notice[];
  readonly kinds: () => string[];
  /** Resolves once `count` notices of this kind have arrived. */
  hears(kind: Notice['kind'], count?: number): Promise<unknown>;
  leave(): void;
}

const subscriptions: Subscription[] = [];

export function listen(store: LeaseStore, key = KEY): Listener {
  if (!store.notices) throw new Error('this store tells no notices');
  const heard: Notice[] = [];
  const subscription = store.notices(key).subscribe((notice) => heard.push(notice));
  subscriptions.push(subscription);
  const kinds = () => heard.map(({ kind }) => kind);
  return {
    heard,
    kinds,
    hears: (kind, count = 1) =>
      until(() => kinds().filter((one) => one === kind).length >= count, {
        what: `${kind} to be heard ${count} times`,
      }),
    leave: () => subscription.unsubscribe(),
  };
}

/** Call this after each spec, so that a failed spec leaves no listener. */
export function leaveAll(): void {
  for (const subscription of subscriptions.splice(0)) subscription.unsubscribe();
}

/**
 * The connections of clients with this name, the oldest first. A subscriber has the name of its
 * client. Redis lists more than five connections in a changing order.
 */
export async function connections(admin: Client, name: string): Promise<ReadonlyArray<{ id: number; sub: number }>> {
  return (await admin.clientList()).filter((client) => client.name === name).sort((one, other) => one.id - other.id);
}

/** Resolves once so many connections of that name are open. */
export const connected = (admin: Client, name: string, count: number): Promise<unknown> =>
  until(async () => (await connections(admin, name)).length === count, { what: `${count} connections of ${name}` });

/** Connections that `admin`'s server has accepted since its start. */
export async function accepted(admin: Client): Promise<number> {
  return Number(/total_connections_received:(\d+)/.exec(await admin.info('stats'))?.[1]);
}

/** PINGs that `admin`'s server has replied to since its start. */
export async function pings(admin: Client): Promise<number> {
  return Number(/cmdstat_ping:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0);
}
