import { Subscription } from 'rxjs';
import { getOrMake } from '../util/lookup.js';

interface SharedListener {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const sharedListeners = new WeakMap<AbortSignal, SharedListener>();

/** Calls `callback` when `signal` aborts, until unsubscribed. One listener for all who callback a signal: Node takes more than ten for a leak. */
export function onAbort(signal: AbortSignal, callback: () => void): Subscription {
  const { callbacks, listener } = getOrMake(sharedListeners, signal, make);
  if (callbacks.size === 0) signal.addEventListener('abort', listener);
  const own = () => callback(); // the same may callback twice
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
