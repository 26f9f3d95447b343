import { randomUUID } from 'node:crypto';
import type { Contender, Standing } from '../contender.js';
import { BareConnection } from '../resp.js';
import { TTL } from '../settings.js';
import { FloorLease } from './floor-lease.js';

/**
 * The minimum that wakes only one waiter. Waiters block on a list in Redis. A release pushes one
 * word to it. Each waiter needs a connection.
 */
export const floorOne: Contender = {
  lease: (key) => `floor:${key}`,
  async sit({ host, port, database }) {
    const connection = await BareConnection.open(host, port);
    await connection.ask('SELECT', database);
    return { stand: (key, led) => new Candidate(connection, `floor:${key}`, led) };
  },
};

class Candidate implements Standing {
  readonly #connection: BareConnection;
  readonly #name: string;
  readonly #queue: string;
  readonly #lease: FloorLease;
  readonly #id = randomUUID();

  constructor(connection: BareConnection, name: string, led: () => void) {
    this.#connection = connection;
    this.#name = name;
    this.#queue = `${name}:free`;
    this.#lease = new FloorLease(connection, name);
    void this.#wait(led);
  }

  resign(): void {
    this.#lease.end();
    void this.#connection.ask('DEL', this.#name);
    void this.#connection.ask('LPUSH', this.#queue, 1);
  }

  /**
   * The word is taken as leave to ask, not as the lease: it may be left from a release that nobody
   * waited for.
   */
  async #wait(led: () => void): Promise<void> {
    while ((await this.#connection.ask('SET', this.#name, this.#id, 'NX', 'PX', TTL)) !== 'OK') {
      const left = Number(await this.#connection.ask('PTTL', this.#name));
      await this.#connection.ask('BLPOP', this.#queue, Math.max(1, left + 1) / 1_000);
    }
    led();
    this.#lease.keep();
  }
}
