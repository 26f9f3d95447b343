import { escapeText, tag, text } from './markup.js';

/** What stands around the picture. */
export interface Caption {
  readonly title: string;
  readonly subtitle: string;
  /** What came of it, and whether that is as it should be. */
  readonly result: string;
  readonly ok: boolean;
}

/** On a card of its own, so that it reads the same on a light page and on a dark one. */
export const INK = {
  card: '#10161f',
  edge: '#2f3b4a',
  text: '#e6ebf2',
  muted: '#93a1b3',
  guide: '#b58ae6',
  mark: '#cfa8ff',
  arrow: '#e6ebf2',
  nobody: '#ff7b72',
  good: '#56d364',
  onLeader: '#04210c',
} as const;

const SANS = "ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif";
export const MONO = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace";

interface Page {
  readonly width: number;
  readonly height: number;
  readonly caption: Caption;
  /** The text alternative for screen readers. */
  readonly description: string;
  readonly definitions: string;
}

/**
 * A card with a caption at its top and `content` below, as an SVG of its own: no script, no font,
 * nothing to fetch.
 */
export function page({ width, height, caption, description, definitions }: Page, content: readonly string[]): string {
  const { title, subtitle, result, ok } = caption;
  const head = [
    tag('title', {}, escapeText(title)),
    tag('desc', {}, escapeText(description)),
    tag('defs', {}, definitions),
    tag('rect', { x: 0.5, y: 0.5, width: width - 1, height: height - 1, rx: 10, fill: INK.card, stroke: INK.edge }),
    text(24, 36, title, { fill: INK.text, 'font-size': 17, 'font-weight': 600 }),
    text(24, 57, subtitle, { fill: INK.muted, 'font-size': 13 }),
    text(width - 24, 36, result, {
      fill: ok ? INK.good : INK.nobody,
      'font-size': 15,
      'font-weight': 600,
      'text-anchor': 'end',
    }),
  ];
  const attributes = {
    xmlns: 'http://www.w3.org/2000/svg',
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: 'img',
    'font-family': SANS,
  };
  return `${tag('svg', attributes, `\n${[...head, ...content].filter(Boolean).join('\n')}\n`)}\n`;
}
