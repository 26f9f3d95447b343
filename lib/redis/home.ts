import type { ClientAdapter } from './client-adapter.js';

/**
 * The place of one client's elections: their database, and the prefix of their keys. A client that
 * moves while it has elections would leave the lease behind and be granted a second one.
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

  /** The last election has ended: the client may move. */
  end(): void {
    this.#isHeld = false;
    this.#database = undefined;
  }

  /** Throws if the client has moved: by its own state, or by the `database` in a reply of Redis. */
  check(database: string | undefined = this.#client.database): void {
    if (!this.#isHeld) return;
    const { prefix } = this.#client;
    if (prefix !== this.#prefix) throw moved(`key prefix "${this.#prefix}"`, `"${prefix}"`);
    if (database === undefined) return;
    this.#database ??= database;
    if (database !== this.#database) throw moved(`database ${this.#database}`, database);
  }
}

/** The same words as in the scripts. */
const moved = (from: string, to: string): Error => new Error(`LEASEMOVED from ${from} to ${to}`);
