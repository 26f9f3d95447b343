import type { Section } from './section.js';
import { tableLines } from './table.js';

/** What is read in a terminal. */
export function sectionLines({ title, notes, tables }: Section): string[] {
  return ['', title, ...notes.map((note) => `  ${note}`), ...tables.flatMap((table) => ['', ...tableLines(table)])];
}

export const LEGEND = [
  '/floor and /rival: how many times the figure of the best floor, and of the best other library. Less is better everywhere.',
  'The figures are of one run on one machine.',
];
