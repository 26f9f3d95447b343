import type { Emitter } from './client-adapter.js';

/** Whether `value` has these methods. Clients are detected by their methods. */
export function hasMethods(value: object, ...names: string[]): boolean {
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}

/** Adds listeners to `client`. Returns a function that removes them. */
export function listenTo(client: Emitter, listeners: ReadonlyArray<readonly [string, (...args: unknown[]) => void]>) {
  for (const [event, listener] of listeners) client.on(event, listener);
  client.off(PLACEHOLDER, nothing);
  return () => {
    client.on(PLACEHOLDER, nothing);
    for (const [event, listener] of listeners) client.off(event, listener);
    if (!wouldStopEmitting(client)) client.off(PLACEHOLDER, nothing);
  };
}

/** An event that never happens. Its listener stays on a client that has no other listener. */
const PLACEHOLDER = Symbol('rx-leader.placeholder');
const nothing = () => {};

/**
 * Whether `client` would never emit again without its last listener. A derived client of node-redis
 * has the real emitter as its prototype and shares its table of listeners. Without any listener it
 * starts a table of its own. Listeners added later are then not called, and an error ends the
 * process although somebody listens.
 */
function wouldStopEmitting(client: Emitter): boolean {
  const shares = !Object.hasOwn(client, '_events');
  return shares && (client as { readonly _eventsCount?: number })._eventsCount === 1;
}

/**
 * Waits until `client` is ready or has ended. A call that waits in the client's own queue may be
 * sent after its sender has given up. So calls wait here instead. They share one listener of each
 * kind.
 */
export function readiness(client: Emitter): (signal: AbortSignal) => Promise<void> {
  const waiting = new Set<() => void>();
  let stop = () => {};
  const settleAll = () => {
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
        ['ready', settleAll],
        ['end', settleAll],
      ]);
    });
}
