/**
 * The `code` of a process warning of type `RxLeaderWarning`.
 *
 * - `RX_LEADER_EVICTION`: Redis may evict leases.
 * - `RX_LEADER_REPLICA`: the client is connected to a replica, where nobody can be elected.
 * - `RX_LEADER_SHORT_TTL`: the `ttl` is too short for the distance to Redis.
 * - `RX_LEADER_OTHER_TTL`: candidates use different `ttl`s, and two may lead.
 * - `RX_LEADER_NO_NOTICES`: notices cannot arrive, so followers detect changes by their timers.
 */
export type WarningCode =
  | 'RX_LEADER_EVICTION'
  | 'RX_LEADER_REPLICA'
  | 'RX_LEADER_SHORT_TTL'
  | 'RX_LEADER_OTHER_TTL'
  | 'RX_LEADER_NO_NOTICES';

/** Emits a process warning. */
export function warn(code: WarningCode, message: string): void {
  process.emitWarning(message, { type: 'RxLeaderWarning', code });
}
