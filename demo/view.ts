import type { Picture } from './picture.js';
import type { Entry } from './report.js';
import type { Verdict } from './summary.js';
import { sentence } from './texts.js';

/** Shows a run. */
export interface View {
  /** Shows an event. `entries` is all events, the newest last. */
  tell(entry: Entry, entries: readonly Entry[]): void;
  /** The run is over. */
  finish(picture: Picture, verdict: Verdict): void;
  /** Restores the terminal, whether the run is over or not. */
  close(): void;
}

/** One line for each event, for logs and pipes. */
export function plainView(title: string, write: (text: string) => void): View {
  write(`${title}\n\n`);
  return {
    tell(entry, entries) {
      const text = sentence(entry, entries);
      if (text === undefined) return;
      if (entry.kind === 'incident') write('\n'); // one paragraph each
      write(`${text}\n`);
    },
    finish: (_, { lines }) => write(`\n${lines.join('\n')}\n`),
    close: () => {},
  };
}
