/** What the two packages of that name make, the one the other's heir. */
export interface SafeLeader {
  on(event: 'elected' | 'error', listener: () => void): void;
  elect(): Promise<void>;
  shutdown(): Promise<void>;
}

/** Lets `leader` stand. */
export function campaign(leader: SafeLeader, led: () => void): Promise<void> {
  leader.on('elected', led);
  leader.on('error', () => {});
  return leader.elect();
}
