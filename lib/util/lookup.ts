interface Lookup<Key, Value> {
  get(key: Key): Value | undefined;
  set(key: Key, value: Value): unknown;
}

/** Returns the value for `key`, and creates and stores it if it is missing. */
export function getOrMake<Key, Value>(lookup: Lookup<Key, Value>, key: Key, make: () => Value): Value {
  const existing = lookup.get(key);
  if (existing !== undefined) return existing;
  const created = make();
  lookup.set(key, created);
  return created;
}
