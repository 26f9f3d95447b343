import { getOrMake } from '../util/lookup.js';

/** Values shared by all who name the same objects and the same number: one is made for the first, and kept as long as the objects are. */
export class Shared<Value> {
  readonly #within = new WeakMap<object, Shared<Value>>();
  readonly #values = new Map<number, Value>();

  get([object, ...others]: readonly object[], number: number, make: () => Value): Value {
    if (object === undefined) return getOrMake(this.#values, number, make);
    return getOrMake(this.#within, object, () => new Shared<Value>()).get(others, number, make);
  }
}
