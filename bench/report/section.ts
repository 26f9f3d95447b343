import type { Plot } from './plot.js';
import type { Table } from './table.js';

/** What came of one measurement. */
export interface Section {
  readonly title: string;
  /** How it was measured, and what is to be known to read it. */
  readonly notes: readonly string[];
  readonly tables: readonly Table[];
  /** By the names of their files. */
  readonly plots: Readonly<Record<string, Plot>>;
}
