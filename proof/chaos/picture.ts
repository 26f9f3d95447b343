import { BAR_DEFINITIONS, bar, legend } from '../../scripts/drawing/bar.js';
import { tag, text } from '../../scripts/drawing/markup.js';
import { INK, page } from '../../scripts/drawing/page.js';
import type { Arguments } from './arguments.js';
import { CHAOS_FAULTS, chaosFaultOf, type Target } from './chaos-faults.js';
import type { InjectedFault } from './fault-log.js';
import { type PictureRow, pictureRowsOf } from './rows.js';
import { type Evidence, type Gap, gapsOf, type Verdict } from './verdict.js';

const WIDTH = 1_400;
const LEFT = 70;
const RIGHT = WIDTH - 24;
const TOP = 84;
/**
 * Heights in the strip of a minute: a bar and two lines of faults for each candidate, three lines
 * for the servers.
 */
const BAR = 11;
const LINE = 10;
const LANE = BAR + 2 * LINE + 4;
const FOOT = 3 * LINE + 44;
/** About how many ms a strip shows: more would be unreadable. */
const STRIP = 60_000;
/** ms between two marks of the axis. */
const TICK = 5_000;

const TARGETS: readonly Target[] = ['process', 'link', 'server', 'data'];

const COLORS: Readonly<Record<Target, string>> = {
  process: '#cfa8ff',
  link: '#f0a35e',
  server: '#ff7b9c',
  data: '#79c0ff',
};

/** Draws who led when, and each fault, in a strip for each minute. */
export function picture(args: Arguments, evidence: Evidence, verdict: Verdict): string {
  const { begun, ended } = evidence;
  const rows = pictureRowsOf(evidence);
  const gaps = gapsOf(verdict.terms, []);
  const strips = Math.max(1, Math.round((ended - begun) / STRIP));
  const length = (ended - begun) / strips;
  const tall = rows.length * LANE + FOOT;
  const content = Array.from({ length: strips }, (_, index) => {
    const from = begun + index * length;
    const strip: Strip = {
      from,
      to: Math.min(from + length, ended),
      top: TOP + index * tall,
      x: (at) => LEFT + ((Math.max(from, Math.min(at, from + length)) - from) / length) * (RIGHT - LEFT),
    };
    return draw(strip, rows, evidence.faults, gaps, begun);
  });
  const height = TOP + strips * tall + 92;
  const result = `overlaps: ${verdict.overlaps}; ${verdict.changes} changes of leadership`;
  const caption = {
    title: `${args.candidates} candidates, ${evidence.faults.length} faults, one leader at a time`,
    subtitle: `Each with a connection of its own; what happened to its process above what happened to its connection. Seed ${args.seed}`,
    result,
    ok: verdict.outcome === 'well',
  };
  const description = `${result}; ${verdict.terms.length} terms.`;
  return page({ width: WIDTH, height, caption, description, definitions: BAR_DEFINITIONS }, [
    ...content.flat(),
    ...legend(LOOKS, LEFT, height - 72, BAR),
    ...key(height - 52),
  ]);
}

const LOOKS = [
  ['leader', 'leads'],
  ['follower', 'follows'],
  ['error', 'without Redis'],
  ['stopped', 'stopped'],
  ['gone', 'not standing'],
] as const;

/** What is drawn of one minute, and where. */
interface Strip {
  readonly from: number;
  readonly to: number;
  readonly top: number;
  readonly x: (at: number) => number;
}

function draw(
  strip: Strip,
  rows: readonly PictureRow[],
  faults: readonly InjectedFault[],
  gaps: readonly Gap[],
  begun: number,
) {
  const { top, x } = strip;
  const shown = faults.filter(({ from, to, skipped }) => from < strip.to && to >= strip.from && !skipped);
  const within = <Time extends { readonly from: number; readonly to: number }>(times: readonly Time[]) =>
    times.filter(({ from, to }) => from < strip.to && to > strip.from);
  const lanes = rows.flatMap(({ name, spans }, index) => {
    const y = top + index * LANE;
    const own = shown.filter(({ row }) => row === name);
    return [
      text(24, y + BAR - 1, name, { fill: INK.text, 'font-size': 12, 'font-weight': 600 }),
      ...within(spans).map((span) => bar(span, x, y + BAR / 2, BAR)),
      ...own.map((fault) => mark(fault, x, y + BAR + (chaosFaultOf(fault.kind).target === 'link' ? LINE : 0))),
    ];
  });
  const y = top + rows.length * LANE + 2;
  const label = (name: string, line: number) =>
    text(24, y + line * LINE + 8, name, { fill: INK.muted, 'font-size': 10 });
  return [
    ...lanes,
    label('server', 0),
    label('data', 1),
    label('nobody', 2),
    ...shown
      .filter(({ row }) => row === undefined)
      .map((fault) => mark(fault, x, y + (chaosFaultOf(fault.kind).target === 'data' ? LINE : 0))),
    ...within(gaps).map(({ from, to }) =>
      tag('rect', {
        x: x(from),
        y: y + 2 * LINE + 1,
        width: Math.max(1, x(to) - x(from)),
        height: LINE - 3,
        fill: INK.nobody,
      }),
    ),
    ...axis(strip, begun, y + 3 * LINE + 12),
  ];
}

/** A bar for the duration of a fault, and its name. */
function mark({ kind, length, from, to }: InjectedFault, x: (at: number) => number, y: number): string {
  const { short, target } = chaosFaultOf(kind);
  const fill = COLORS[target];
  const lasted = `${((to - from) / 1_000).toFixed(2)} s`;
  const width = Math.max(2, x(to) - x(from));
  return tag(
    'g',
    {},
    tag('title', {}, `${kind}, ${length === 'instant' ? 'at once' : lasted}`) +
      tag('rect', { x: x(from), y: y + 1, width, height: LINE - 1, fill, 'fill-opacity': 0.28 }) +
      tag('rect', { x: x(from), y: y + 1, width: 2, height: LINE - 1, fill }) +
      text(x(from) + 4, y + LINE - 1.5, short, { fill, 'font-size': 8.5 }),
  );
}

function axis({ from, to, x }: Strip, begun: number, y: number): string[] {
  const ticks: string[] = [];
  for (let tick = Math.ceil((from - begun) / TICK) * TICK; begun + tick <= to; tick += TICK) {
    const label = `${tick / 1_000} s`;
    ticks.push(text(x(begun + tick), y, label, { fill: INK.muted, 'font-size': 10.5, 'text-anchor': 'middle' }));
  }
  return ticks;
}

/** What the few letters mean that there is room for, a line for each that faults befall. */
function key(y: number): string[] {
  return TARGETS.flatMap((only, line) => {
    let left = LEFT;
    return CHAOS_FAULTS.filter(({ target }) => target === only).map(({ name, short, target }) => {
      const words: string = name === short ? name : `${short}: ${name}`;
      const at = left;
      left += words.length * 5.4 + 16;
      return text(at, y + line * 14, words, { fill: COLORS[target], 'font-size': 8.5 });
    });
  });
}
