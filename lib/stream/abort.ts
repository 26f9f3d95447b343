import { Subscription } from 'rxjs';
import { getOrMake } from '../util/lookup.js';

interface SharedListener {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const sharedListeners = new WeakMap<AbortSignal, SharedListener>();

/**
 * Calls `callback` when `signal` aborts, until unsubscribed.
 *
 * All callbacks of a signal share one listener, because Node warns of a leak from the eleventh
 * listener on.
 */
export function onAbort(signal: AbortSignal, callback: () => void): Subscription {
  const { callbacks, listener } = getOrMake(sharedListeners, signal, make);
  if (callbacks.size === 0) signal.addEventListener('abort', listener);
  const own = () => callback(); // unique, because the same callback may be registered twice
  callbacks.add(own);
  return new Subscription(() => {
    callbacks.delete(own);
    if (callbacks.size === 0) signal.removeEventListener('abort', listener);
  });
}

function make(): SharedListener {
  const callbacks = new Set<() => void>();
  const listener = () => {
    for (const callback of [...callbacks]) callback();
  };
  return { callbacks, listener };
}
