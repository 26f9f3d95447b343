import { EventEmitter } from 'node:events';
import type { WriteStream } from 'node:tty';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { pictureOf } from '../../demo/picture.js';
import { screen } from '../../demo/screen.js';
import { summarize } from '../../demo/summary.js';
import { STORY } from './forge.js';

/** A terminal that only remembers what was written to it. */
class Terminal extends EventEmitter {
  written = '';
  constructor(
    public columns: number,
    public rows: number,
  ) {
    super();
  }

  write(text: string): boolean {
    this.written += text;
    return true;
  }

  /** The lines of the last frame, as they look. */
  get frame(): string[] {
    const frame = this.written.split('\x1b[H').at(-1) ?? '';
    return stripVTControlCharacters(frame).split('\r\n');
  }
}

function open(terminal: Terminal, color = false) {
  const look = () => pictureOf(['alma', 'bert'], STORY, 8_000, 1_000);
  const view = screen(terminal as unknown as WriteStream, { title: 'a title', span: 8_000, color, look });
  for (const [index, entry] of STORY.entries()) view.tell(entry, STORY.slice(0, index + 1));
  terminal.emit('resize'); // draws at once
  return { view, look };
}

describe('screen', () => {
  it('draws the picture and, below it, the latest events', () => {
    const terminal = new Terminal(80, 24);
    const { view } = open(terminal);
    expect(terminal.frame[0]).toMatch(/^ a title +8\.0 s$/);
    expect(terminal.frame.at(-1)).toMatch(/^ {2}6\.60 s {2}bert {2}follows$/);
    view.close();
  });

  it.each([
    [60, 20],
    [200, 50],
    [30, 8],
  ])('stays within %i columns and %i rows, also when it becomes that small', (columns, rows) => {
    const terminal = new Terminal(120, 40);
    const { view } = open(terminal, true);
    Object.assign(terminal, { columns, rows });
    terminal.emit('resize');
    expect(terminal.frame.length).toBeLessThanOrEqual(rows);
    for (const line of terminal.frame) expect([...line].length).toBeLessThan(columns);
    view.close();
  });

  it('gives the terminal back once, as it was', () => {
    const terminal = new Terminal(80, 24);
    const { view } = open(terminal);
    view.close();
    view.close();
    expect(terminal.written.split('\x1b[?1049l')).toHaveLength(2);
    expect(terminal.written.endsWith('\x1b[?25h\x1b[?1049l')).toBe(true);
    expect(terminal.listenerCount('resize')).toBe(0);
  });

  it('leaves the final picture and the summary on the screen', () => {
    const terminal = new Terminal(80, 24);
    const { view, look } = open(terminal);
    view.finish(look(), summarize(STORY, { ttl: 1_000, causes: ['close', 'kill'] }));
    const [, after = ''] = terminal.written.split('\x1b[?1049l');
    expect(after).toContain(' alma    █1001');
    expect(after).toContain(' overlaps seen: 0');
    expect(after).not.toContain('\x1b[?1049h');
  });

  it('uses no colours where none are wanted', () => {
    const terminal = new Terminal(80, 24);
    const { view, look } = open(terminal);
    view.finish(look(), summarize(STORY, { ttl: 1_000, causes: ['close', 'kill'] }));
    const [, ...sequences] = terminal.written.split('\x1b');
    for (const sequence of sequences) expect(sequence).toMatch(/^\[(\?\d+[hl]|H|2J|K|J)/);
  });
});
