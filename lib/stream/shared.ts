/** Values shared by all who name the same objects and the same number: one is made for the first, and kept as long as the objects are. */
export class Shared<Value> {
  readonly #within = new WeakMap<object, Shared<Value>>();
  readonly #values = new Map<number, Value>();

  get([object, ...others]: readonly object[], number: number, make: () => Value): Value {
    if (object === undefined) return getOrMake(this.#values, number, make);
    return getOrMake(this.#within, object, () => new Shared<Value>()).get(others, number, make);
  }
}

interface Lookup<Key, Value> {
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): unknown;
}

/** What `lookup` has for `key`; what `make` makes, from now on, where it has nothing. */
export function getOrMake<Key, Value>(lookup: Lookup<Key, Value>, key: Key, make: () => Value): Value {
  const known = lookup.get(key);
  if (known !== undefined) return known;
  const made = make();
  lookup.set(key, made);
  return made;
}
