import type { ClientAdapter } from './client-adapter.js';

/**
 * Where the elections of one client are: their database, and the prefix of their keys. A client that moves elsewhere while it has elections would
 * leave the lease behind, and grant it a second time there.
 */
export class Home {
  readonly #client: ClientAdapter;
  #isHeld = false;
  #prefix = '';
  #database: string | undefined;

  constructor(client: ClientAdapter) {
    this.#client = client;
  }

  /** The number of the database; empty while it is unknown. */
  get database(): string {
    return this.#database ?? '';
  }

  /** The first election begins. */
  begin(): void {
    this.#isHeld = true;
    this.#prefix = this.#client.prefix;
  }

  /** The last one is over: the client may go where it likes. */
  end(): void {
    this.#isHeld = false;
    this.#database = undefined;
  }

  /** Throws where the client has moved, as far as it says so itself, or as an answer of Redis's tells `database`. */
  check(database: string | undefined = this.#client.database): void {
    if (!this.#isHeld) return;
    const { prefix } = this.#client;
    if (prefix !== this.#prefix) throw moved(`key prefix "${this.#prefix}"`, `"${prefix}"`);
    if (database === undefined) return;
    this.#database ??= database;
    if (database !== this.#database) throw moved(`database ${this.#database}`, database);
  }
}

/** Worded as the scripts word it. */
const moved = (from: string, to: string): Error => new Error(`LEASEMOVED from ${from} to ${to}`);
