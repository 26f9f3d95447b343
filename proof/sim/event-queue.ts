import type { Random } from '../random.js';

/** Something that is to happen. */
export interface ScheduledEvent {
  readonly at: number;
  /** What is due at one instant happens in an order that is drawn. */
  readonly order: number;
  /** Absent once it has happened or been called off. */
  run: (() => void) | undefined;
}

/** All that is to happen in a world, by true time in ms: a heap, for a world has no other work that grows with what is planned. */
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

  /** Lets the next thing happen that is due by `end`; false, with the time at `end`, if there is none. */
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

  /** Takes the first entry away. */
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
