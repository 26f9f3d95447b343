import { monotonic } from '../candidate.js';
import { type KindName, kindOf, type Length } from './kinds.js';

/** A fault that was made to happen, or should have been. */
export interface Strike {
  readonly kind: KindName;
  readonly length: Length;
  /** The candidate it befell, and its process; the servers' own have neither. */
  readonly row?: string;
  readonly by?: string;
  /** Whether that candidate led. */
  readonly leader: boolean;
  readonly from: number;
  /** Infinity as long as it lasts. */
  readonly to: number;
  /** Why it did not happen. */
  readonly missed?: string;
}

/** What happened so far, in the order in which it began. */
export class Chronicle {
  readonly strikes: Strike[] = [];

  /** Notes a fault for as long as `happens` takes. What is done to a server's data is not done where that server is down. */
  async note(fact: Omit<Strike, 'from' | 'to' | 'missed'>, happens: () => Promise<void>): Promise<void> {
    const index = this.strikes.push({ ...fact, from: monotonic(), to: Number.POSITIVE_INFINITY }) - 1;
    const end = (more: Partial<Strike> = {}) => {
      this.strikes[index] = { ...(this.strikes[index] as Strike), to: monotonic(), ...more };
    };
    try {
      await happens();
      end();
    } catch (error) {
      end({ missed: error instanceof Error ? error.message : String(error) });
      if (kindOf(fact.kind).target !== 'data') throw error;
    }
  }

  /** Notes a fault for which there was nobody. */
  miss(kind: KindName, length: Length, missed: string): void {
    const at = monotonic();
    this.strikes.push({ kind, length, leader: false, from: at, to: at, missed });
  }
}
