import { getOrMake } from '../util/lookup.js';

/**
 * Values that are shared by key: a list of objects and a number.
 *
 * A value is created on first use and kept as long as its objects.
 */
export class Shared<Value> {
  readonly #within = new WeakMap<object, Shared<Value>>();
  readonly #values = new Map<number, Value>();

  get([object, ...others]: readonly object[], number: number, make: () => Value): Value {
    if (object === undefined) return getOrMake(this.#values, number, make);
    return getOrMake(this.#within, object, () => new Shared<Value>()).get(others, number, make);
  }
}
