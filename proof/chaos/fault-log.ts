import { monotonic } from '../candidate.js';
import { type ChaosFaultName, chaosFaultOf, type Length } from './chaos-faults.js';

/** A fault that was made to happen, or should have been. */
export interface InjectedFault {
  readonly kind: ChaosFaultName;
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
  readonly skipped?: string;
}

/** What happened so far, in the order in which it began. */
export class FaultLog {
  readonly faults: InjectedFault[] = [];

  /**
   * Records a fault while `happens` runs. Faults of a server's data are skipped while that server
   * is down.
   */
  async record(fact: Omit<InjectedFault, 'from' | 'to' | 'skipped'>, happens: () => Promise<void>): Promise<void> {
    const index = this.faults.push({ ...fact, from: monotonic(), to: Number.POSITIVE_INFINITY }) - 1;
    const end = (more: Partial<InjectedFault> = {}) => {
      this.faults[index] = { ...(this.faults[index] as InjectedFault), to: monotonic(), ...more };
    };
    try {
      await happens();
      end();
    } catch (error) {
      end({ skipped: error instanceof Error ? error.message : String(error) });
      if (chaosFaultOf(fact.kind).target !== 'data') throw error;
    }
  }

  /** Notes a fault for which there was nobody. */
  skip(kind: ChaosFaultName, length: Length, skipped: string): void {
    const at = monotonic();
    this.faults.push({ kind, length, leader: false, from: at, to: at, skipped });
  }
}
