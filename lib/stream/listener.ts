import type { Subscriber } from 'rxjs';
import type { Role } from '../core/state.js';
import { OwnContext } from './own-context.js';
import { safely } from './safely.js';
import { LiveTerm } from './term.js';
import type { Transition } from './transition.js';

/** A subscriber of a candidacy, called in the async context that subscribed. */
export class Listener extends OwnContext {
  readonly #subscriber: Subscriber<Transition>;
  #role: Role | undefined;

  constructor(subscriber: Subscriber<Transition>) {
    super();
    this.#subscriber = subscriber;
  }

  /**
   * Passes `transition` on, unless it is a leadership whose lease has expired.
   *
   * An earlier subscriber may have blocked the event loop past the deadline. The follower
   * transition that ends such a leadership is then no change either.
   */
  next(transition: Transition): void {
    if (isStale(transition) || transition.role === this.#role) return;
    this.#role = transition.role;
    safely(() => this.runInAsyncScope(this.#subscriber.next, this.#subscriber, transition));
  }

  complete(): void {
    safely(() => this.runInAsyncScope(this.#subscriber.complete, this.#subscriber));
  }
}

const isStale = (transition: Transition): boolean =>
  transition.role === 'leader' && transition.term instanceof LiveTerm && transition.term.isPastDeadline;
