import type { Notice, ReleaseNotice } from '../port/lease-store.js';

/** The longest time there is, in ms: what timers take. */
const LONGEST = 2 ** 31 - 1;

/**
 * What a message on an election's channel tells; undefined where it is not one of ours. Anyone who may publish can put anything
 * there, so nothing about it is taken for granted, and a message that is wrong in one thing is not believed in the others.
 */
export const parseNotice = (message: string): Notice | undefined => noticeIn(fieldsOf(message));

function noticeIn({ event, id, ...rest }: Fields): Notice | undefined {
  if (!isName(id)) return undefined;
  if (event === 'released') return released(id, rest);
  if (event === 'cut') return { kind: 'cut', id };
  return event === 'elected' ? elected(id, rest) : undefined;
}

/** What a message in an inbox tells, and of which election by its channel; undefined where it is not one of ours. */
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
  if (!isText(name) || !isText(data) || !isCount(token) || !isCount(ttl) || ttl > LONGEST) return undefined;
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
