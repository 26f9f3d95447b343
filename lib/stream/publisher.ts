import type { Subscriber } from 'rxjs';
import { Listener } from './listener.js';
import { LiveTerm } from './term.js';
import type { Transition } from './transition.js';

/** What a candidacy reports beside its transitions. */
export interface CandidacyEvents {
  /** Another holder is known, or none. */
  holderChanged(): void;
  /** Every subscriber has received the end: there will be no more transitions. */
  ended(): void;
}

/** Calls the subscribers of one candidacy: one transition at a time, in order, to all of them. */
export class Publisher {
  /** The last transition published. */
  current: Transition | undefined;
  /** Transitions posted meanwhile wait until the present one has reached every subscriber. */
  isPublishing = false;

  readonly #events: CandidacyEvents;
  /** Replaced, never changed: a subscriber that joins or leaves does not disturb a loop over it. */
  #listeners: readonly Listener[] = [];
  #outbox: readonly Transition[] = [];
  #holderId: string | undefined;
  #isOver = false;

  constructor(events: CandidacyEvents) {
    this.#events = events;
  }

  /** Queues `transition` for {@link publish}. */
  post(transition: Transition): void {
    this.#outbox = [...this.#outbox, transition];
  }

  publish(): void {
    this.isPublishing = true;
    while (this.#outbox.length > 0) {
      const [transition, ...later] = this.#outbox;
      this.#outbox = later;
      if (transition) this.#send(transition);
    }
    this.isPublishing = false;
  }

  /** Reports the holder if its id is new. */
  publishHolder(id: string | undefined): void {
    const isNew = id !== this.#holderId;
    this.#holderId = id;
    if (isNew) this.#events.holderChanged();
  }

  /** Reports the end and completes every subscriber, once. */
  complete(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#events.ended();
    for (const listener of this.#listeners) listener.complete();
  }

  /**
   * Adds a subscriber, which first receives the current role. That call counts as publishing:
   * transitions it causes are published afterwards, because the subscriber is not in the list yet
   * and would miss them.
   */
  join(subscriber: Subscriber<Transition>): void {
    const { isPublishing } = this;
    this.isPublishing = true;
    const listener = new Listener(subscriber);
    if (this.current) listener.next(this.current);
    if (this.#isOver) listener.complete();
    // A spread array would reserve room for more, which few elections need.
    this.#listeners = this.#listeners.concat(listener);
    subscriber.add(() => {
      this.#listeners = this.#listeners.filter((each) => each !== listener);
    });
    this.isPublishing = isPublishing;
  }

  #send(transition: Transition): void {
    // A term that ended before it was published must not start work only to stop it.
    if (isOver(transition) || transition.role === this.current?.role) return;
    this.current = transition;
    for (const listener of this.#listeners) listener.next(transition);
  }
}

const isOver = (transition: Transition): boolean =>
  transition.role === 'leader' && transition.term instanceof LiveTerm && !transition.term.alive;
