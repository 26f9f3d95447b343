import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { TestEnvironment } from 'jest-environment-node';

/** What keeps a process from exiting, and a spec can leave open. Requests under way end by themselves. */
const KINDS = ['TCPSocketWrap', 'TCPServerWrap', 'UDPWrap', 'PipeWrap', 'ProcessWrap', 'Timeout', 'Immediate'];

/** ms for a timer that was left to end by itself, and for what was closed at the very end to go, which takes a slow machine longer. */
const PATIENCE = { Timeout: 1_000, others: 10_000 };

/**
 * Fails a spec file that leaves a socket, server, process or timer behind. jest on its own would end the worker by force
 * and only warn, and that the library leaves nothing behind is one of its guarantees.
 *
 * In a worker, where a whole run happens, the counts are exact. A single file runs beside jest's own timers, and one that
 * it leaves may pass for one of those; then jest says itself that it did not exit.
 */
export default class LeakCheckingEnvironment extends TestEnvironment {
  /** @type {Map<string, number>} */
  #before = new Map();

  /**
   * @param {{name: string}} event
   * @param {{unhandledErrors: unknown[]}} state
   */
  async handleTestEvent(event, state) {
    if (event.name === 'run_start') this.#before = openResources();
    if (event.name !== 'run_finish') return;
    const leaked = await this.#leaked();
    if (leaked.length > 0) {
      state.unhandledErrors.push([new Error(`this spec file leaves open: ${leaked.join(', ')}`), '']);
    }
  }

  async #leaked() {
    const begun = performance.now();
    for (;;) {
      const leaked = [...openResources()].flatMap(([kind, count]) => {
        const more = count - (this.#before.get(kind) ?? 0);
        return more > 0 ? [`${more} ${kind}`] : [];
      });
      const patience = leaked.some((one) => one.endsWith(' Timeout')) ? PATIENCE.Timeout : PATIENCE.others;
      if (leaked.length === 0 || performance.now() - begun > patience) return leaked;
      await sleep(10, undefined, { ref: false });
    }
  }
}

function openResources() {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const kind of process.getActiveResourcesInfo()) {
    if (KINDS.includes(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}
