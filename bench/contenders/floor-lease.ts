import type { BareConnection } from '../resp.js';
import { TTL } from '../settings.js';

/** Renews a lease every third of its ttl, whatever the answer. */
export class FloorLease {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly connection: BareConnection,
    private readonly name: string,
  ) {}

  keep(): void {
    this.#timer = setInterval(() => void this.connection.ask('PEXPIRE', this.name, TTL), TTL / 3);
  }

  end(): void {
    clearInterval(this.#timer);
  }
}
