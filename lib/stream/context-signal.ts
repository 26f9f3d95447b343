import { setMaxListeners } from 'node:events';
import { getOrMake } from '../util/lookup.js';
import { OwnContext } from './own-context.js';

type Handler = (event: Event) => void;
type Listener = Handler | { handleEvent(event: Event): void };

/**
 * Creates an `AbortController` whose signal calls each listener in the async context that added it.
 *
 * A plain `EventTarget` calls all of them in the context of `abort()`.
 */
export function contextController(): AbortController {
  const controller = new AbortController();
  Object.defineProperties(controller.signal, METHODS);
  allowManyListeners(controller.signal);
  return controller;
}

/** Node warns of a leak from the eleventh listener on, but user code may need more. */
function allowManyListeners(signal: AbortSignal): void {
  try {
    setMaxListeners(0, signal);
  } catch {
    // The global AbortController is not Node's (jsdom, for example). Node does not count its
    // listeners.
  }
}

/** By signal and listener: adding a listener twice must add it once, and removal must find it. */
const bound = new WeakMap<AbortSignal, WeakMap<Listener, Handler>>();

/**
 * Own properties, because all signals share the prototype. One object, because there are thousands
 * of terms.
 */
const METHODS: PropertyDescriptorMap & ThisType<AbortSignal> = {
  addEventListener: {
    value(type: string, listener: Listener | null, options?: unknown) {
      const own = listener && getOrMake(boundOf(this), listener, () => bind(listener));
      Object.getPrototypeOf(this).addEventListener.call(this, type, own, options);
    },
    configurable: true,
    writable: true,
  },
  removeEventListener: {
    value(type: string, listener: Listener | null, options?: unknown) {
      const own = (listener && bound.get(this)?.get(listener)) ?? listener;
      Object.getPrototypeOf(this).removeEventListener.call(this, type, own, options);
    },
    configurable: true,
    writable: true,
  },
};

const boundOf = (signal: AbortSignal): WeakMap<Listener, Handler> =>
  getOrMake(bound, signal, () => new WeakMap<Listener, Handler>());

function bind(listener: Listener): Handler {
  const context = new OwnContext();
  return function (this: unknown, event) {
    if (typeof listener === 'function') context.runInAsyncScope(listener, this, event);
    else context.run(() => listener.handleEvent(event));
  };
}
