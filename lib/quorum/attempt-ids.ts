/**
 * Maximum number of candidates to remember. Fewer are between a failed attempt and the next one in
 * one process.
 */
const MAX_CANDIDATES = 64;

const GENERATION = /~\d+$/;

/** Returns the candidate's own id for an id that a store knows. */
export const candidateIdOf = (id: string): string => id.replace(GENERATION, '');

/**
 * The ids under which stores know an election's candidates.
 *
 * A grant by too few stores is given back, and that release may still be in flight during the next
 * attempt.
 * To protect the next attempt, it uses the id's next generation: `id~1`, `id~2` and so on.
 */
export class AttemptIds {
  readonly #generations = new Map<string, number>();

  current(id: string): string {
    return generation(id, this.#generation(id));
  }

  advance(id: string): void {
    const next = this.#generation(id) + 1;
    this.#generations.delete(id);
    this.#generations.set(id, next);
    const [oldest] = this.#generations.keys();
    if (this.#generations.size > MAX_CANDIDATES && oldest !== undefined) this.#generations.delete(oldest);
  }

  /** All ids that stores may know `id` by, in order. The last is the current one. */
  all(id: string): string[] {
    return Array.from({ length: this.#generation(id) + 1 }, (_, i) => generation(id, i));
  }

  #generation(id: string): number {
    return this.#generations.get(id) ?? 0;
  }
}

const generation = (id: string, n: number): string => (n === 0 ? id : `${id}~${n}`);
