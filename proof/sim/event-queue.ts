import type { Random } from '../random.js';

/** A callback with its time. */
export interface ScheduledEvent {
  readonly at: number;
  /** Random: orders the events of one instant. */
  readonly order: number;
  /** Absent once it has run or is cancelled. */
  run: (() => void) | undefined;
}

/**
 * The events of a world, by true time in ms. A heap, because this is the only work that grows with
 * the plan.
 */
export class EventQueue {
  /** True time, which no machine can read. */
  now = 0;
  readonly #heap: ScheduledEvent[] = [];
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  at(time: number, run: () => void): ScheduledEvent {
    const entry: ScheduledEvent = { at: Math.max(time, this.now), order: this.#random.next(), run };
    this.#rise(entry);
    return entry;
  }

  after(ms: number, run: () => void): ScheduledEvent {
    return this.at(this.now + ms, run);
  }

  /**
   * Runs the next event that is due by `end`. Without one, sets the time to `end` and returns
   * false.
   */
  step(end: number): boolean {
    for (let first = this.#heap[0]; first && first.at <= end; first = this.#heap[0]) {
      this.#sink();
      const { run } = first;
      if (!run) continue;
      this.now = first.at;
      first.run = undefined;
      run();
      return true;
    }
    this.now = Math.max(this.now, end);
    return false;
  }

  #rise(entry: ScheduledEvent): void {
    const heap = this.#heap;
    let index = heap.length;
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above] as ScheduledEvent;
      if (!isBefore(entry, parent)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = entry;
  }

  /** Removes the first entry. */
  #sink(): void {
    const heap = this.#heap;
    const last = heap.pop() as ScheduledEvent;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let below = 2 * index + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1] as ScheduledEvent, heap[below] as ScheduledEvent))
        below += 1;
      const child = heap[below] as ScheduledEvent;
      if (!isBefore(child, last)) break;
      heap[index] = child;
      index = below;
    }
    heap[index] = last;
  }
}

const isBefore = (a: ScheduledEvent, b: ScheduledEvent): boolean => a.at < b.at || (a.at === b.at && a.order < b.order);
