import type { WriteStream } from 'node:tty';
import { Line, type Style } from './canvas.js';
import type { Picture } from './picture.js';
import type { Entry } from './report.js';
import type { Verdict } from './summary.js';
import { sentence } from './texts.js';
import { type Frame, legend, timeline } from './timeline.js';
import type { View } from './view.js';

/** ms between two frames. */
const FRAME = 80;
/** Columns beyond which a wider picture is no better. */
const WIDEST = 140;

const ESCAPES = {
  /** The alternate screen, as pagers use it. Drawing there keeps the user's scrollback. */
  enter: '\x1b[?1049h\x1b[?25l',
  leave: '\x1b[?25h\x1b[?1049l',
  /** Supporting terminals show the text between the two marks at once. Others ignore the marks. */
  begin: '\x1b[?2026h\x1b[H',
  end: '\x1b[?2026l',
  clear: '\x1b[2J',
  clearRight: '\x1b[K',
  clearBelow: '\x1b[J',
} as const;

/** The line below the picture before the first event. */
const STARTING = { text: ' starting the processes', style: '2' };

export interface ScreenOptions {
  readonly title: string;
  /** ms that the whole run probably takes. */
  readonly span: number;
  readonly color: boolean;
  /** The current picture of the run. */
  readonly look: () => Picture;
}

/** The picture, redrawn as it grows, above the latest events. */
export function screen(out: WriteStream, { title, span, color, look }: ScreenOptions): View {
  const events: Array<{ readonly text: string; readonly style: Style }> = [];
  let open = true;
  out.write(ESCAPES.enter);
  const timer = setInterval(draw, FRAME);
  const onResize = () => {
    out.write(ESCAPES.clear);
    draw();
  };
  out.on('resize', onResize);
  draw();

  function widthNow(): number {
    // One column stays free, because writing into the last one makes some terminals wrap.
    return Math.min(out.columns - 1, WIDEST);
  }

  function head(picture: Picture, span: number): string[] {
    const frame: Frame = { width: widthNow(), span, color };
    const { width } = frame;
    const clock = `${(picture.now / 1_000).toFixed(1)} s`;
    const line = new Line(width).put(1, title, '1').put(width - clock.length - 2, `  ${clock}`, '1');
    return [line.render(color), '', ...timeline(picture, frame), legend(frame)];
  }

  function draw(): void {
    const width = widthNow();
    const lines = [...head(look(), span), ''];
    const room = Math.max(0, out.rows - lines.length);
    const latest = events.length > 0 ? events.slice(Math.max(0, events.length - room)) : [STARTING];
    lines.push(...latest.map(({ text, style }) => new Line(width).put(0, text, style).render(color)));
    const shown = lines.slice(0, out.rows).map((line) => `${line}${ESCAPES.clearRight}`);
    out.write(`${ESCAPES.begin}${shown.join('\r\n')}${ESCAPES.clearBelow}${ESCAPES.end}`);
  }

  function close(): void {
    if (!open) return;
    open = false;
    clearInterval(timer);
    out.off('resize', onResize);
    out.write(ESCAPES.leave);
  }

  return {
    tell(entry, entries) {
      const text = sentence(entry, entries);
      if (text !== undefined) events.push({ text, style: styleOf(entry) });
    },
    finish(picture, verdict) {
      close();
      const lines = [
        ...head(picture, picture.now),
        '',
        ...verdict.lines.map((line) => emphasize(line, verdict, color)),
      ];
      out.write(`${lines.join('\n')}\n\n`);
    },
    close,
  };
}

function styleOf(entry: Entry): Style {
  if (entry.kind === 'incident') return '1;35';
  if (entry.kind !== 'role') return '';
  return { leader: '32', follower: '', error: '31' }[entry.role];
}

/** Highlights the summary's head and its result. */
function emphasize(line: string, { ok, lines }: Verdict, color: boolean): string {
  if (!color) return line;
  if (line === lines[0]) return `\x1b[1m${line}\x1b[0m`;
  if (line === lines.at(-1) || line.startsWith(' overlaps seen')) return `\x1b[1;${ok ? 32 : 31}m${line}\x1b[0m`;
  return line;
}
