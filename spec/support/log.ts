import { expect } from '@jest/globals';
import type { Subscription } from 'rxjs';
import type { Election } from '../../lib/election/election.js';
import type { Transition } from '../../lib/stream/transition.js';
import { letter } from './virtual-time.js';

/** Records what several subscribers receive in one log: `a:L`, `b:L`, and `a|` at completion. */
export class Log {
  readonly lines: string[] = [];
  readonly #election: Election;

  constructor(election: Election) {
    this.#election = election;
  }

  subscribe(name: string, then?: (transition: Transition) => void): Subscription {
    return this.#election.subscribe({
      next: (transition) => {
        this.lines.push(`${name}:${letter(transition)}`);
        expect(this.#election.role).toBe(transition.role);
        then?.(transition);
      },
      complete: () => this.lines.push(`${name}|`),
    });
  }
}
