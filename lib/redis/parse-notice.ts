import type { Notice, ReleaseNotice } from '../port/lease-store.js';

/** The longest delay of a timer, ms. */
const MAX_DELAY = 2 ** 31 - 1;

/**
 * The notice in a message on an election's channel; undefined if any field is invalid. Anyone who
 * may publish can publish anything there.
 */
export const parseNotice = (message: string): Notice | undefined => noticeIn(fieldsOf(message));

function noticeIn({ event, id, ...rest }: Fields): Notice | undefined {
  if (!isName(id)) return undefined;
  if (event === 'released') return released(id, rest);
  if (event === 'cut') return { kind: 'cut', id };
  return event === 'elected' ? elected(id, rest) : undefined;
}

/** The notice in a message of the inbox, and the channel of its election; undefined if invalid. */
export function parseInboxMessage(
  message: string,
): { readonly channel: string; readonly notice: ReleaseNotice } | undefined {
  const fields = fieldsOf(message);
  const notice = noticeIn(fields);
  const { channel } = fields;
  return notice?.kind === 'released' && isName(channel) ? { channel, notice } : undefined;
}

type Fields = Readonly<Record<string, unknown>>;

function elected(id: string, { name, data, token, ttl }: Fields): Notice | undefined {
  if (!isText(name) || !isText(data) || !isCount(token) || !isCount(ttl) || ttl > MAX_DELAY) return undefined;
  return { kind: 'elected', holder: { id, ...(name && { name }), ...(data && { data }), token, expiresIn: ttl } };
}

function released(id: string, { successor }: Fields): ReleaseNotice | undefined {
  if (successor === undefined) return { kind: 'released', id };
  return isName(successor) ? { kind: 'released', id, successor } : undefined;
}

function fieldsOf(message: string): Fields {
  try {
    return Object(JSON.parse(message)) as Fields;
  } catch {
    return {};
  }
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isName = (value: unknown): value is string => isText(value) && value !== '';
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;
