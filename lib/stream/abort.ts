import { Subscription } from 'rxjs';
import { getOrMake } from '../util/lookup.js';

interface Heeded {
  readonly heeders: Set<() => void>;
  readonly listener: () => void;
}

const heeded = new WeakMap<AbortSignal, Heeded>();

/** Calls `heed` when `signal` aborts, until unsubscribed. One listener for all who heed a signal: Node takes more than ten for a leak. */
export function onAbort(signal: AbortSignal, heed: () => void): Subscription {
  const { heeders, listener } = getOrMake(heeded, signal, make);
  if (heeders.size === 0) signal.addEventListener('abort', listener);
  const own = () => heed(); // the same may heed twice
  heeders.add(own);
  return new Subscription(() => {
    heeders.delete(own);
    if (heeders.size === 0) signal.removeEventListener('abort', listener);
  });
}

function make(): Heeded {
  const heeders = new Set<() => void>();
  const listener = () => {
    for (const heed of [...heeders]) heed();
  };
  return { heeders, listener };
}
