import type { Emitter } from './client-adapter.js';

/** Whether `value` has these methods: clients are told apart by their shape. */
export function hasMethods(value: object, ...names: string[]): boolean {
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}

/** Listens to events of `client`, until what it returns is called. */
export function listenTo(client: Emitter, listeners: ReadonlyArray<readonly [string, (...args: unknown[]) => void]>) {
  for (const [event, listener] of listeners) client.on(event, listener);
  client.off(KEPT, nothing);
  return () => {
    client.on(KEPT, nothing);
    for (const [event, listener] of listeners) client.off(event, listener);
    if (!wouldGoDeaf(client)) client.off(KEPT, nothing);
  };
}

/** An event that never happens, and what listens to it on a client that has no other listener. */
const KEPT = Symbol('rx-leader.kept');
const nothing = () => {};

/**
 * Whether `client`, without its last listener, would never hear anything again. What node-redis makes has the emitter proper for
 * its prototype and shares that one's table of listeners; left without any, it starts a table of its own, where nobody looks.
 * Listeners added later are not called, and an error ends the process whoever listens.
 */
function wouldGoDeaf(client: Emitter): boolean {
  const shares = !Object.hasOwn(client, '_events');
  return shares && (client as { readonly _eventsCount?: number })._eventsCount === 1;
}

/**
 * Waits for `client` to be ready, or at its end. What a client has in its own queue goes out late, after its sender has given up, unless it can
 * be taken back; so a call is better kept out of that queue. One listener of each kind, however many wait.
 */
export function readiness(client: Emitter): (signal: AbortSignal) => Promise<void> {
  const waiting = new Set<() => void>();
  let stop = () => {};
  const look = () => {
    for (const settle of [...waiting]) settle();
  };
  return (signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const leave = () => {
        waiting.delete(settle);
        signal.removeEventListener('abort', giveUp);
        if (waiting.size === 0) stop();
      };
      const settle = () => {
        leave();
        resolve();
      };
      const giveUp = () => {
        leave();
        reject(signal.reason);
      };
      signal.addEventListener('abort', giveUp);
      if (waiting.add(settle).size > 1) return;
      stop = listenTo(client, [
        ['ready', look],
        ['end', look],
      ]);
    });
}
