import type { Socket } from 'node:net';
// Imported, not global: a spec's fake timers must not stop the network.
import { performance } from 'node:perf_hooks';
import { clearTimeout, setTimeout } from 'node:timers';

/**
 * What came from the source, and when it is due at the sink. A source that `finished` sends no
 * more but still listens; one that is `gone` does not.
 */
type Item = { due: number } & ({ bytes: Buffer } | { end: 'finished' | 'gone' });

/**
 * One direction of a connection: bytes, and then the end, in order, late or held back if told so.
 * What a source sent before it went away still arrives, as on a real network.
 */
export class Pipe {
  readonly #sink: Socket;
  readonly #queue: Item[] = [];
  #delay = 0;
  #holding = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(source: Socket, sink: Socket) {
    this.#sink = sink;
    source.on('data', (bytes: Buffer) => this.#push({ due: this.#due(), bytes }));
    source.on('end', () => this.#push({ due: this.#due(), end: 'finished' }));
    source.on('close', () => this.#push({ due: this.#due(), end: 'gone' }));
    source.on('error', () => {}); // 'close' follows
  }

  /** Whether anything is held back or late. */
  get holds(): boolean {
    return this.#queue.length > 0;
  }

  /** Applies to what comes from now on; 0 also to what is already waiting. */
  delay(ms: number): void {
    this.#delay = ms;
    if (ms === 0) for (const item of this.#queue) item.due = 0;
    this.#flush();
  }

  hold(): void {
    this.#holding = true;
    this.#flush();
  }

  release(): void {
    this.#holding = false;
    this.#flush();
  }

  drop(): void {
    this.#queue.length = 0;
    this.#flush();
  }

  #due(): number {
    return performance.now() + this.#delay;
  }

  #push(item: Item): void {
    this.#queue.push(item);
    this.#flush();
  }

  /**
   * Passes on all items that are due, and sets the timer for the next item. A later item holds back
   * the items behind it.
   */
  #flush(): void {
    clearTimeout(this.#timer);
    while (!this.#holding) {
      const item = this.#queue[0];
      if (item === undefined) return;
      const early = item.due - performance.now();
      if (early > 0) {
        this.#timer = setTimeout(() => this.#flush(), early);
        return;
      }
      this.#queue.shift();
      this.#deliver(item);
    }
  }

  #deliver(item: Item): void {
    if (this.#sink.destroyed) return;
    if ('bytes' in item) this.#sink.write(item.bytes);
    else if (item.end === 'finished') this.#sink.end();
    // What was written before is still sent: destroying only after it went out.
    else this.#sink.destroySoon();
  }
}
