import { randomUUID } from 'node:crypto';
import type { Contender, Standing } from '../contender.js';
import { BareConnection } from '../resp.js';
import { TTL } from '../settings.js';
import { FloorLease } from './floor-lease.js';

/**
 * The minimum: a lease by SET NX, and a release that is published to all waiters. The first request
 * takes the lease. There is no deadline, no token, no ownership check and no retry.
 */
export const floorAll: Contender = {
  lease: (key) => `floor:${key}`,
  async sit({ host, port, database }) {
    const connection = await BareConnection.open(host, port);
    await connection.ask('HELLO', 3);
    await connection.ask('SELECT', database);
    const woken = new Map<string, () => void>();
    connection.onPush = ([what, channel]) => {
      if (what === 'message') woken.get(channel as string)?.();
    };
    return {
      stand(key, led) {
        const name = `floor:${key}`;
        if (!woken.has(name)) connection.tell('SUBSCRIBE', name);
        return new Candidate(connection, name, woken, led);
      },
    };
  },
};

class Candidate implements Standing {
  readonly #connection: BareConnection;
  readonly #name: string;
  readonly #lease: FloorLease;
  readonly #led: () => void;
  readonly #id = randomUUID();
  #timer: NodeJS.Timeout | undefined;
  #waits = true;

  constructor(connection: BareConnection, name: string, woken: Map<string, () => void>, led: () => void) {
    this.#connection = connection;
    this.#name = name;
    this.#lease = new FloorLease(connection, name);
    this.#led = led;
    woken.set(name, () => void this.#attempt(TTL));
    void this.#attempt();
  }

  resign(): void {
    this.#lease.end();
    void this.#connection.ask('DEL', this.#name);
    void this.#connection.ask('PUBLISH', this.#name, '');
  }

  /**
   * `expected`: ms until the lease runs out where another has it; asked for where that is not
   * known.
   */
  async #attempt(expected?: number): Promise<void> {
    if (!this.#waits) return;
    clearTimeout(this.#timer);
    const reply = await this.#connection.ask('SET', this.#name, this.#id, 'NX', 'PX', TTL);
    if (reply === 'OK') {
      this.#waits = false;
      this.#led();
      this.#lease.keep();
      return;
    }
    const left = expected ?? Number(await this.#connection.ask('PTTL', this.#name));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#attempt(), Math.max(0, left) + 1);
  }
}
