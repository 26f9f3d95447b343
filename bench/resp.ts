import { connect, type Socket } from 'node:net';
import { type Reply, readReply } from './reply.js';

/**
 * A connection to Redis with nothing around it: requests are written as they come, replies are
 * told in order. It keeps no count of time and does not come back.
 */
export class BareConnection {
  readonly #socket: Socket;
  readonly #waiting: Array<(reply: Reply) => void> = [];
  #rest: Buffer = Buffer.alloc(0);
  /** What comes unasked. */
  onPush: (push: Reply[]) => void = () => {};

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('error', () => {}); // whoever waits is ended from outside
    socket.on('data', (bytes: Buffer) => this.#read(bytes));
  }

  static async open(host: string, port: number): Promise<BareConnection> {
    const socket = connect({ host, port });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new BareConnection(socket);
  }

  ask(...words: ReadonlyArray<string | number>): Promise<Reply> {
    this.tell(...words);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** A request that has no reply of its own, such as SUBSCRIBE. */
  tell(...words: ReadonlyArray<string | number>): void {
    let text = `*${words.length}\r\n`;
    for (const word of words) text += `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`;
    this.#socket.write(text);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    const buffer = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    let at = 0;
    for (;;) {
      const read = readReply(buffer, at);
      if (read === undefined) break;
      at = read.end;
      if (read.push) this.onPush(read.reply as Reply[]);
      else this.#waiting.shift()?.(read.reply);
    }
    this.#rest = buffer.subarray(at);
  }
}
