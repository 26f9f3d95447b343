import { firstValueFrom, from } from 'rxjs';
import type { ElectionError } from '../../../lib/errors.js';
import type {
  AcquireReply,
  AcquireRequest,
  LeaseStore,
  ReadReply,
  ReleaseReply,
  RenewReply,
  RenewRequest,
} from '../../../lib/store/lease-store.js';

export const KEY = 'an election';

/** ms that no request of a spec takes, unless the spec is about silence. */
const AMPLE = 10_000;

const common = { key: KEY, timeout: AMPLE };

export const acquireRequest = (more: Partial<AcquireRequest> = {}): AcquireRequest => ({
  verb: 'acquire',
  ...common,
  id: 'me',
  ttl: 60_000,
  name: 'my name',
  lastToken: 0,
  coldStart: 'elect',
  ...more,
});

export const acquire = (store: LeaseStore, more: Partial<AcquireRequest> = {}): Promise<AcquireReply> =>
  firstValueFrom(from(store.acquire(acquireRequest(more))));

export const renew = (store: LeaseStore, more: Partial<RenewRequest> = {}): Promise<RenewReply> =>
  firstValueFrom(
    from(store.renew({ verb: 'renew', ...common, id: 'me', token: 1, ttl: 60_000, name: 'my name', ...more })),
  );

export const release = (store: LeaseStore, id = 'me'): Promise<ReleaseReply> =>
  firstValueFrom(from(store.release({ verb: 'release', ...common, id })));

export const read = (store: LeaseStore, more: { timeout?: number } = {}): Promise<ReadReply> =>
  firstValueFrom(from(store.read({ verb: 'read', ...common, ...more })));

/** The error that `asked` fails with; fails if it does not. */
export async function failure(asked: Promise<unknown>): Promise<ElectionError> {
  const outcome = await asked.then(
    (reply) => ({ reply }),
    (error: ElectionError) => ({ error }),
  );
  if ('error' in outcome) return outcome.error;
  throw new Error(`it did not fail, it answered ${JSON.stringify(outcome.reply)}`);
}
