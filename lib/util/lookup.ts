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
