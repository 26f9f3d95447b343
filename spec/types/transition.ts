// Compiled by `npm run types`, never run. Code that must not compile has a @ts-expect-error, which
// fails if it compiles.
import type { ElectionError, ElectionErrorCode, Holder, Term, Transition } from '../../lib/index.js';
import type { Equal, Holds } from './equal.js';

export function narrows(transition: Transition): void {
  // @ts-expect-error: only a leader has a term
  transition.term;
  // @ts-expect-error: only a follower has a reason
  transition.reason;
  // @ts-expect-error: only an error has an error
  transition.error;

  switch (transition.role) {
    case 'leader': {
      type _ = Holds<Equal<typeof transition.term, Term>>;
      break;
    }
    case 'follower': {
      type Reason = 'standby' | 'lost' | 'expired' | 'stalled' | 'resigned' | 'closed';
      type _ = [
        Holds<Equal<typeof transition.reason, Reason>>,
        Holds<Equal<typeof transition.leader, Holder | undefined>>,
      ];
      break;
    }
    case 'error': {
      type _ = Holds<Equal<typeof transition.error, ElectionError>>;
      break;
    }
    default: {
      type _ = Holds<Equal<typeof transition, never>>;
    }
  }
  type _ = [Holds<Equal<Transition['role'], 'leader' | 'follower' | 'error'>>, Holds<Equal<Transition['at'], Date>>];
}

export function isReadOnly(transition: Transition, term: Term): void {
  // @ts-expect-error: transitions are read-only
  transition.role = 'leader';
  // @ts-expect-error: terms are read-only
  term.token = 5;
}

export function term({ token, id, signal, remaining, assert, waitUntil }: Term): void {
  type _ = [
    Holds<Equal<typeof token, number>>,
    Holds<Equal<typeof id, string>>,
    Holds<Equal<typeof signal, AbortSignal>>,
    Holds<Equal<typeof remaining, () => number>>,
    Holds<Equal<typeof assert, () => void>>,
    Holds<Equal<typeof waitUntil, (work: PromiseLike<unknown>) => void>>,
  ];
}

export type Codes = Holds<
  Equal<
    ElectionErrorCode,
    | 'STORE_UNAVAILABLE'
    | 'STORE_TIMEOUT'
    | 'STORE_DENIED'
    | 'STORE_READONLY'
    | 'STORE_FULL'
    | 'STORE_LOADING'
    | 'STORE_REPLY'
    | 'KEY_CONFLICT'
    | 'TERM_ENDED'
    | 'INVALID_OPTION'
  >
>;

export type HolderHas = Holds<
  Equal<
    Holder,
    {
      readonly id: string;
      readonly name?: string;
      readonly data?: string;
      readonly token?: number;
      readonly expiresIn: number;
    }
  >
>;
