/** A reply of Redis, as far as those asked for here go. */
export type Reply = string | number | null | Error | Reply[];

export interface Read {
  readonly reply: Reply;
  /** Where the next one begins. */
  readonly end: number;
  /** Whether it came unasked. */
  readonly push: boolean;
}

/**
 * The reply that begins at `from`; undefined where it is not complete yet. RESP2, and what RESP3
 * adds to it.
 */
export function readReply(buffer: Buffer, from: number): Read | undefined {
  const line = buffer.indexOf('\r\n', from);
  if (line === -1) return undefined;
  const type = String.fromCharCode(buffer[from] as number);
  const text = buffer.toString('utf8', from + 1, line);
  const next = line + 2;
  const simple = (reply: Reply): Read => ({ reply, end: next, push: false });
  switch (type) {
    case '+':
    case ',':
    case '#':
      return simple(text);
    case '-':
      return simple(new Error(text));
    case ':':
      return simple(Number(text));
    case '_':
      return simple(null);
    case '$':
    case '=':
      return readBulk(buffer, next, Number(text));
    case '*':
    case '~':
    case '>':
      return readArray(buffer, next, Number(text), type === '>');
    case '%':
      return readArray(buffer, next, 2 * Number(text), false);
    default:
      throw new Error(`no reply begins with ${JSON.stringify(type)}`);
  }
}

function readBulk(buffer: Buffer, from: number, length: number): Read | undefined {
  if (length === -1) return { reply: null, end: from, push: false };
  const end = from + length + 2;
  if (buffer.length < end) return undefined;
  return { reply: buffer.toString('utf8', from, from + length), end, push: false };
}

function readArray(buffer: Buffer, from: number, length: number, push: boolean): Read | undefined {
  if (length === -1) return { reply: null, end: from, push };
  const items: Reply[] = [];
  let at = from;
  for (let index = 0; index < length; index++) {
    const item = readReply(buffer, at);
    if (item === undefined) return undefined;
    items.push(item.reply);
    at = item.end;
  }
  return { reply: items, end: at, push };
}
