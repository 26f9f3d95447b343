/**
 * What a row shows: a role, or that its process is `stopped`, or that nobody in it stands
 * (`gone`).
 */
export type Look = 'leader' | 'follower' | 'error' | 'stopped' | 'gone';

export interface Span {
  readonly from: number;
  readonly to: number;
  readonly look: Look;
  /** Of a leader. */
  readonly token?: number;
}

/**
 * What is known of a row from some instant on. `by` is the process that has the row: another one
 * is another candidate.
 */
export type Sign = { readonly at: number; readonly by: string } & (
  | { readonly kind: 'role'; readonly role: 'leader' | 'follower' | 'error'; readonly token?: number }
  | { readonly kind: 'yes'; readonly token?: number }
  | { readonly kind: 'no' }
  | { readonly kind: 'closed' }
  /** `awake`: continued, and what it was before, as far as is known. */
  | { readonly kind: 'process'; readonly state: 'started' | 'stopped' | 'continued' | 'awake' | 'dead' }
);

/** What a row has shown from 0 to `now`, without holes, by the signs of its processes. */
export function laneOf(signs: readonly Sign[], now: number): Span[] {
  const dead = new Set<string>();
  const spans: Span[] = [];
  let view: View = { look: 'gone' };
  let since = 0;
  const close = (to: number) => {
    if (to > since) spans.push({ from: since, to, look: view.look, ...(view.token && { token: view.token }) });
    since = Math.max(since, to);
  };
  for (const sign of [...signs].sort((a, b) => a.at - b.at)) {
    if (dead.has(sign.by)) continue; // said while it was being killed
    if (sign.kind === 'process' && sign.state === 'dead') dead.add(sign.by);
    const next = after(view, sign);
    if (next.look !== view.look || next.token !== view.token) close(sign.at);
    view = next;
  }
  close(now);
  return spans;
}

interface View {
  readonly look: Look;
  readonly token?: number;
  /** Told to run again, but not heard of since. */
  readonly waking?: boolean;
  /** What it was when it was stopped. */
  readonly before?: View;
}

function after(view: View, sign: Sign): View {
  if (sign.kind === 'process') {
    if (sign.state === 'continued') return { ...view, waking: true };
    if (sign.state === 'awake') return view.before ?? view;
    return sign.state === 'stopped' ? { look: 'stopped', before: view } : { look: 'gone' };
  }
  if (view.look === 'stopped' && !view.waking) return view; // said before it was stopped, heard of afterwards
  switch (sign.kind) {
    case 'role':
      return sign.role === 'leader' ? leads(sign) : { look: sign.role };
    case 'yes':
      return leads(sign);
    case 'no':
      return { look: 'follower' };
    case 'closed':
      return { look: 'gone' };
  }
}

const leads = ({ token }: { readonly token?: number }): View => ({
  look: 'leader',
  ...(token !== undefined && { token }),
});
