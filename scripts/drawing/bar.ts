import type { Look, Span } from './lane.js';
import { type Attributes, tag, text } from './markup.js';
import { INK } from './page.js';

const COLORS: Readonly<Record<Look, string>> = {
  leader: '#3fb950',
  follower: '#4d8fb5',
  error: '#f85149',
  stopped: '#d9a520',
  gone: '#5b6877',
};

/** What bars refer to; once in a document. */
export const BAR_DEFINITIONS = tag(
  'pattern',
  { id: 'stopped', width: 7, height: 7, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
  tag('rect', { width: 7, height: 7, fill: COLORS.stopped, 'fill-opacity': 0.3 }) +
    tag('rect', { width: 3, height: 7, fill: COLORS.stopped }),
);

/**
 * Terms and stopped processes are boxes, the rest are lines: told apart by shape as well as by
 * colour.
 */
export function bar({ from, to, look }: Span, x: (at: number) => number, y: number, height: number): string {
  const line = (dashes: Attributes) =>
    tag('path', { d: `M${x(from)} ${y} H${x(to)}`, stroke: COLORS[look], ...dashes });
  const box = (fill: string) =>
    tag('rect', { x: x(from), y: y - height / 2, width: Math.max(1, x(to) - x(from)), height, rx: 3, fill });
  switch (look) {
    case 'leader':
      return box(COLORS.leader);
    case 'stopped':
      return box('url(#stopped)');
    case 'follower':
      return line({ 'stroke-width': 2 });
    case 'error':
      return line({ 'stroke-width': 7, 'stroke-dasharray': '3 3' });
    case 'gone':
      return line({ 'stroke-width': 1.5, 'stroke-dasharray': '1 5' });
  }
}

/** What the looks mean, on one line from `left` on. */
export function legend(entries: ReadonlyArray<readonly [Look, string]>, left: number, y: number, height: number) {
  let at = left;
  return entries.flatMap(([look, meaning]) => {
    const sample = bar({ from: at, to: at + 26, look }, (x) => x, y - 4, height);
    const label = text(at + 34, y, meaning, { fill: INK.muted, 'font-size': 12.5 });
    at += 34 + meaning.length * 6.6 + 22;
    return [sample, label];
  });
}
