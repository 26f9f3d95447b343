import type { Look, Span } from '../scripts/drawing/lane.js';
import { milliseconds } from '../scripts/support/figures.js';
import { Line, type Style } from './canvas.js';
import type { Picture } from './picture.js';
import { LABELS } from './texts.js';

/** How the picture is drawn as text. */
export interface Frame {
  /** Maximum number of columns. */
  readonly width: number;
  /** ms that the width represents. A longer run is drawn to a smaller scale. */
  readonly span: number;
  readonly color: boolean;
}

/** Columns of the names at the left. */
const MARGIN = 9;
/** ms of each step by which the scale shrinks, so that the picture does not move continuously. */
const STRETCH = 5_000;

const BOLD = '1';
const DIM = '2';
const RED = '31';
const GREEN = '32';
const MARK = '1;35';

/** Each state has its own character, so that the picture is readable without colours. */
export const LOOKS: Readonly<Record<Look, { readonly char: string; readonly style: Style; readonly meaning: string }>> =
  {
    leader: { char: '█', style: GREEN, meaning: 'leads' },
    follower: { char: '─', style: '36', meaning: 'follows' },
    error: { char: '×', style: RED, meaning: 'no Redis' },
    stopped: { char: '▒', style: '33', meaning: 'stopped' },
    gone: { char: '·', style: DIM, meaning: 'not standing' },
  };

/** A token within its leader's own cells. */
const TOKEN: Style = '30;42';

/** The picture as lines of text, none wider than `width`. */
export function timeline(picture: Picture, { width, span, color }: Frame): string[] {
  const scale = scaleOf(picture, width, span);
  const rows = picture.rows.flatMap(({ name, spans }, index) => [
    ...(index === 0 ? [] : [guides(picture, index, width, scale)]),
    row(name, spans, width, scale, tokenTail(picture), color),
  ]);
  const lines = [
    ...marks(picture, width, scale),
    ...rows,
    new Line(width),
    nobody(picture, width, scale),
    axis(width, scale),
  ];
  return lines.map((line) => line.render(color));
}

/** The meaning of the characters, on one line. */
export function legend({ width, color }: Pick<Frame, 'width' | 'color'>): string {
  const line = new Line(width);
  let column = MARGIN;
  for (const { char, style, meaning } of Object.values(LOOKS)) {
    line.put(column, char.repeat(2), style).put(column + 3, meaning, DIM);
    column += meaning.length + 6;
  }
  return line.render(color);
}

interface Scale {
  readonly column: (at: number) => number;
  readonly time: (column: number) => number;
  readonly end: number;
}

function scaleOf({ now }: Picture, width: number, span: number): Scale {
  const columns = width - MARGIN;
  const end = now <= span ? span : span + Math.ceil((now - span) / STRETCH) * STRETCH;
  return {
    column: (at) => MARGIN + Math.floor((at / end) * columns),
    time: (column) => ((column - MARGIN) / columns) * end,
    end,
  };
}

/** Three lines: the incident, its target, and its point in time. */
function marks({ incidents }: Picture, width: number, { column }: Scale): Line[] {
  const [what, whom, where] = [new Line(width), new Line(width), new Line(width)];
  for (const [index, { at, cause, row = 'Redis' }] of incidents.entries()) {
    const next = incidents[index + 1];
    const room = next ? column(next.at) - column(at) - 1 : width;
    for (const [line, text, style] of [[what, LABELS[cause], MARK] as const, [whom, row, ''] as const]) {
      const label = text.slice(0, Math.max(0, room));
      line.put(Math.min(column(at), width - label.length), label, style);
    }
    where.put(column(at), '▼', MARK);
  }
  return [what, whom, where];
}

/** The line above a row: a guide from each mark down to its target row. */
function guides({ incidents, rows }: Picture, above: number, width: number, { column }: Scale): Line {
  const line = new Line(width);
  for (const { at, row } of incidents) {
    const target = row === undefined ? rows.length : rows.findIndex(({ name }) => name === row);
    if (target >= above) line.put(column(at), '┊', '35');
  }
  return line;
}

function row(
  name: string,
  spans: readonly Span[],
  width: number,
  { column, time }: Scale,
  tail: (token: number) => string,
  color: boolean,
): Line {
  const line = new Line(width).put(1, name, BOLD);
  for (let at = MARGIN; at < width; at++) {
    const span = mostOf(spans, time(at), time(at + 1));
    if (span) line.put(at, LOOKS[span.look].char, LOOKS[span.look].style);
  }
  for (const { from, to, look, token } of spans) {
    if (look !== 'leader' || token === undefined) continue;
    const room = column(to) - column(from) - 1;
    line.put(column(from) + 1, shortened(tail(token), room), color ? TOKEN : '');
  }
  return line;
}

/**
 * Shortens a token by its last digits if it does not fit, because the first ones show that it
 * rises.
 */
export function shortened(token: string, room: number): string {
  if (token.length < room) return token;
  return room < 5 ? '' : `${token.slice(0, room - 2)}…`;
}

/** The span that fills most of a cell. */
function mostOf(spans: readonly Span[], from: number, to: number): Span | undefined {
  const share = (span: Span) => Math.min(span.to, to) - Math.max(span.from, from);
  const within = spans.filter((span) => share(span) > 0);
  return within.reduce<Span | undefined>((most, span) => (most && share(most) >= share(span) ? most : span), undefined);
}

/**
 * When nobody led, and for how many ms. The shortest gap is one cell wide, so that it stays
 * visible.
 */
function nobody({ gaps, kept }: Picture, width: number, { column }: Scale): Line {
  const line = new Line(width).put(1, 'nobody', DIM);
  const bars = gaps.map((gap) => ({
    gap,
    start: column(gap.from),
    end: Math.max(column(gap.to), column(gap.from) + 1),
  }));
  for (const { start, end } of bars) line.put(start, '▀'.repeat(end - start), RED);
  for (const { gap, start, end } of bars) {
    if (!gap.after) continue;
    const text = milliseconds(gap.to - gap.from);
    // Behind its bar, or before it if the next bar or the margin is too near.
    const places = [
      { at: end, put: end + 1 },
      { at: start - text.length - 2, put: start - text.length - 1 },
    ];
    const place = places.find(({ at }) => at > MARGIN && line.isFree(at, text.length + 2));
    if (place) line.put(place.put, text, RED);
  }
  for (const { at } of kept) line.put(column(at), milliseconds(0), GREEN);
  return line;
}

function axis(width: number, { column, end }: Scale): Line {
  const line = new Line(width);
  const every = end > 15_000 ? 5_000 : 2_000;
  for (let at = 0; at < end; at += every) line.put(column(at), `${at / 1_000} s`, DIM);
  return line;
}

/**
 * The digits in which the tokens differ. Tokens are µs since 1970, and the common digits would hide
 * the rest.
 */
export function tokenTail({ claims }: Pick<Picture, 'claims'>): (token: number) => string {
  const tokens = claims.map(({ token }) => String(token));
  const [first = ''] = tokens;
  let same = 0;
  while (same < first.length - 8 && tokens.every((token) => token[same] === first[same])) same++;
  return (token) => (same > 0 ? `…${String(token).slice(same)}` : String(token));
}
