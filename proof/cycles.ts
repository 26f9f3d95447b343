export interface Left {
  /** Bytes, after a garbage collection. */
  readonly heap: number;
  /** On the caller's client. */
  readonly listeners: number;
  readonly sockets: number;
  readonly timers: number;
}

/** What proof/processes/cycles.ts says. */
export type CycleLine =
  | { readonly cycles: number; readonly before: Left; readonly warm: Left; readonly after: Left }
  | { readonly stray: string };
