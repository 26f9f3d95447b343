import { BAR_DEFINITIONS, bar, legend } from '../scripts/drawing/bar.js';
import type { Span } from '../scripts/drawing/lane.js';
import { tag, text } from '../scripts/drawing/markup.js';
import { type Caption, INK, MONO, page } from '../scripts/drawing/page.js';
import { milliseconds } from '../scripts/support/figures.js';
import type { HandOver } from './hand-overs.js';
import type { Picture } from './picture.js';
import { LABELS } from './texts.js';
import { shortened, tokenTail } from './timeline.js';

const WIDTH = 900;
const LEFT = 84;
const RIGHT = WIDTH - 28;
const TOP = 154;
const ROW = 40;
const BAR = 20;
/** Width of a token's digit. */
const CHARACTER = 6.4;

/** The picture as a stand-alone SVG: no script, no font, nothing to fetch. */
export function svg(picture: Picture, caption: Caption): string {
  const x = (at: number) => LEFT + (Math.min(at, picture.now) / picture.now) * (RIGHT - LEFT);
  const y = (index: number) => TOP + index * ROW;
  const below = y(picture.rows.length);
  const height = below + 108;
  const row = (name: string) => y(picture.rows.findIndex((candidate) => candidate.name === name));
  const tail = tokenTail(picture);
  const content = [
    ...marks(picture, x),
    ...guides(picture, x, row, below),
    ...picture.rows.flatMap(({ name, spans }, index) => [
      text(24, y(index) + 5, name, { fill: INK.text, 'font-size': 14, 'font-weight': 600 }),
      ...spans.map((span) => bar(span, x, y(index), BAR)),
      ...spans.map((span) => token(span, x, y(index), tail)),
    ]),
    ...picture.handOvers.map((handOver) => arrow(handOver, x, row)),
    ...targets(picture, x, row),
    ...nobody(picture, x, below),
    ...axis(picture.now, x, below + 50),
    ...legend(LOOKS, LEFT, height - 22, BAR),
  ];
  const description = describe(picture, caption.result);
  return page({ width: WIDTH, height, caption, description, definitions: BAR_DEFINITIONS + HEAD }, content);
}

/** The head of an arrow. */
const HEAD = tag(
  'marker',
  { id: 'head', viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto' },
  tag('path', { d: 'M0 0.5 L8 4 L0 7.5 z', fill: INK.arrow }),
);

/** The mark of each incident. */
const marks = ({ incidents }: Picture, x: (at: number) => number) =>
  incidents.flatMap(({ at, cause, row = 'Redis' }) => [
    text(x(at) - 4, 96, LABELS[cause], { fill: INK.mark, 'font-size': 14, 'font-weight': 600 }),
    text(x(at) - 4, 113, row, { fill: INK.muted, 'font-size': 12.5 }),
  ]);

/** A line from each mark down to its row. */
const guides = ({ incidents }: Picture, x: (at: number) => number, row: (name: string) => number, below: number) =>
  incidents.map(({ at, row: name }) => {
    const foot = name === undefined ? below - 12 : row(name);
    const dashes = { stroke: INK.guide, 'stroke-width': 1.2, 'stroke-dasharray': '2 3' };
    return tag('path', { d: `M${x(at)} 119 V${foot}`, ...dashes });
  });

const targets = ({ incidents }: Picture, x: (at: number) => number, row: (name: string) => number) =>
  incidents.flatMap(({ at, row: name }) =>
    name === undefined ? [] : [tag('circle', { cx: x(at), cy: row(name), r: 4.5, fill: INK.mark, stroke: INK.card })],
  );

/** At the start of its bar: an incident's mark stands near the end. */
function token({ from, to, look, token }: Span, x: (at: number) => number, y: number, tail: (token: number) => string) {
  if (look !== 'leader' || token === undefined) return '';
  const label = shortened(tail(token), Math.floor((x(to) - x(from) - 8) / CHARACTER));
  const style = { fill: INK.onLeader, 'font-family': MONO, 'font-size': 10.5 };
  return text(x(from) + 6, y + 4, label, style);
}

/** From the last instant of one leader to the first of the next. */
function arrow({ from, to, ledUntil }: HandOver, x: (at: number) => number, row: (name: string) => number): string {
  const down = row(to.row) > row(from.row) ? 1 : -1;
  const start = row(from.row) + down * (BAR / 2);
  const end = row(to.row) - down * (BAR / 2 + 1);
  const middle = (start + end) / 2;
  if (from.row === to.row) return '';
  return tag('path', {
    d: `M${x(ledUntil)} ${start} C${x(ledUntil)} ${middle} ${x(to.from)} ${middle} ${x(to.from) + 2} ${end}`,
    fill: 'none',
    stroke: INK.arrow,
    'stroke-width': 1.4,
    'marker-end': 'url(#head)',
  });
}

function nobody({ gaps, kept }: Picture, x: (at: number) => number, y: number) {
  return [
    text(24, y + 5, 'nobody', { fill: INK.muted, 'font-size': 13 }),
    ...gaps.flatMap(({ from, to, after }) => [
      tag('rect', {
        x: x(from),
        y: y - 6,
        width: Math.max(1.5, x(to) - x(from)),
        height: 12,
        rx: 1.5,
        fill: INK.nobody,
      }),
      after
        ? text(x(from), y + 24, milliseconds(to - from), { fill: INK.nobody, 'font-size': 12.5, 'font-weight': 600 })
        : '',
    ]),
    ...kept.map(({ at }) =>
      text(x(at), y + 24, milliseconds(0), { fill: INK.good, 'font-size': 12.5, 'font-weight': 600 }),
    ),
  ];
}

function axis(end: number, x: (at: number) => number, y: number) {
  const every = end > 15_000 ? 5_000 : 2_000;
  const ticks = Array.from({ length: Math.floor(end / every) + 1 }, (_, index) => index * every);
  return ticks.map((at) =>
    text(x(at), y, `${at / 1_000} s`, { fill: INK.muted, 'font-size': 11.5, 'text-anchor': 'middle' }),
  );
}

const LOOKS = [
  ['leader', 'leads, and its fencing token'],
  ['follower', 'follows'],
  ['error', 'without Redis'],
  ['stopped', 'stopped'],
  ['gone', 'not standing'],
] as const;

const describe = ({ handOvers }: Picture, result: string): string =>
  `${result}. ${handOvers
    .map(({ cause, from, to, nobody }) => `${LABELS[cause]}: ${from.row} to ${to.row} in ${milliseconds(nobody)}`)
    .join('; ')}.`;
