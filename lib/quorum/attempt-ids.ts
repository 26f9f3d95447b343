/** Candidates whose names are remembered; more are never between a failed attempt and the next in one process. */
const MOST = 64;

const GENERATION = /~\d+$/;

/** The candidate's own id, of one that a store has it under. */
export const candidateIdOf = (id: string): string => id.replace(GENERATION, '');

/**
 * The ids under which stores know an election's candidates. What was granted by too few has to be given back, and a release that is still
 * on its way must not hit the next attempt: so that one is made under the id's next generation, `id~1`, `id~2` and so on.
 */
export class AttemptIds {
  readonly #generations = new Map<string, number>();

  current(id: string): string {
    return generation(id, this.#spent(id));
  }

  spend(id: string): void {
    const spent = this.#spent(id) + 1;
    this.#generations.delete(id);
    this.#generations.set(id, spent);
    const [oldest] = this.#generations.keys();
    if (this.#generations.size > MOST && oldest !== undefined) this.#generations.delete(oldest);
  }

  /** All that `id` has been known by, in order; the last is the current one. */
  all(id: string): string[] {
    return Array.from({ length: this.#spent(id) + 1 }, (_, i) => generation(id, i));
  }

  #spent(id: string): number {
    return this.#generations.get(id) ?? 0;
  }
}

const generation = (id: string, n: number): string => (n === 0 ? id : `${id}~${n}`);
