import { type ParseArgsConfig, parseArgs } from 'node:util';

/** Turns the text of `--name` into a value, or throws an error with a message for the user. */
export type ParseText<T> = (name: string, text: string) => T;

/** One option of a program. `Value` is what the program receives. */
export interface Option<Value> {
  readonly config: { readonly type: 'boolean' | 'string'; readonly multiple?: boolean };
  readonly parse: (name: string, given: unknown) => Value;
}

export type Options = Readonly<Record<string, Option<unknown>>>;

export type Values<Spec extends Options> = { readonly [Name in keyof Spec]: ReturnType<Spec[Name]['parse']> } & {
  readonly help: boolean;
};

/** An option without a value: `--quick`. */
export const flag = (): Option<boolean> => ({ config: { type: 'boolean' }, parse: (_, given) => given === true });

/**
 * An option with a value: `--ttl 500`. Without the option, the value is `fallback`, or undefined.
 */
export function value<T>(parse: ParseText<T>): Option<T | undefined>;
export function value<T>(parse: ParseText<T>, fallback: T): Option<T>;
export function value<T>(parse: ParseText<T>, fallback?: T): Option<T | undefined> {
  return {
    config: { type: 'string' },
    parse: (name, given) => (typeof given === 'string' ? parse(name, given) : fallback),
  };
}

/** An option that may be repeated: `--only a --only b`. */
export const values = <T>(parse: ParseText<T>): Option<T[]> => ({
  config: { type: 'string', multiple: true },
  parse: (name, given) => ((given ?? []) as string[]).map((text) => parse(name, text)),
});

export const text: ParseText<string> = (_, given) => given;

/** A number from `min` to `max`, both included. */
export const number =
  ([min, max]: readonly [min: number, max: number]): ParseText<number> =>
  (name, given) => {
    const parsed = Number(given);
    if (given.trim() !== '' && parsed >= min && parsed <= max) return parsed;
    throw new Error(`--${name} must be a number from ${min} to ${max}; received "${given}"`);
  };

/** A whole number from `min` to `max`, both included. */
export const whole =
  (range: readonly [min: number, max: number]): ParseText<number> =>
  (name, given) => {
    const parsed = number(range)(name, given);
    if (Number.isInteger(parsed)) return parsed;
    throw new Error(`--${name} must be a whole number; received "${given}"`);
  };

/** One of `names`. */
export const oneOf =
  (names: readonly string[]): ParseText<string> =>
  (name, given) => {
    if (names.includes(given)) return given;
    throw new Error(`--${name} must be one of ${names.join(', ')}; received "${given}"`);
  };

/**
 * Parses the arguments of a program. Every program has `--help`.
 * Throws an error with a message for the user on an unknown option or a wrong value.
 */
export function parseOptions<Spec extends Options>(args: readonly string[], spec: Spec): Values<Spec> {
  const entries = Object.entries<Option<unknown>>({ help: flag(), ...spec });
  const options = Object.fromEntries(entries.map(([name, { config }]) => [name, config]));
  const given = parseArgs({ args: [...args], options: options as ParseArgsConfig['options'] & object }).values;
  return Object.fromEntries(entries.map(([name, { parse }]) => [name, parse(name, given[name])])) as Values<Spec>;
}
