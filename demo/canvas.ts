/** How a cell looks: SGR parameters of ECMA-48, such as `30;42`; empty for plain. */
export type Style = string;

interface Cell {
  readonly char: string;
  readonly style: Style;
}

/**
 * A line of fixed width that holds text cell by cell. It cuts off what does not fit, so that no
 * terminal wraps it.
 */
export class Line {
  readonly #cells: Cell[];

  constructor(width: number) {
    this.#cells = Array.from({ length: width }, () => ({ char: ' ', style: '' }));
  }

  put(column: number, text: string, style: Style = ''): this {
    for (const [index, char] of [...text].entries()) {
      const at = column + index;
      if (at >= 0 && at < this.#cells.length) this.#cells[at] = { char, style };
    }
    return this;
  }

  /** Whether there are `width` blank cells from `column` on. */
  isFree(column: number, width: number): boolean {
    const cells = this.#cells.slice(column, column + width);
    return column >= 0 && cells.length === width && cells.every(({ char }) => char === ' ');
  }

  render(color: boolean): string {
    if (!color) return this.#text(this.#cells).trimEnd();
    const runs: Cell[][] = [];
    for (const cell of this.#cells) {
      const run = runs.at(-1);
      if (run?.[0]?.style === cell.style) run.push(cell);
      else runs.push([cell]);
    }
    return runs.map((run) => paint(run[0]?.style ?? '', this.#text(run))).join('');
  }

  #text(cells: readonly Cell[]): string {
    return cells.map(({ char }) => char).join('');
  }
}

const paint = (style: Style, text: string): string => (style ? `\x1b[${style}m${text}\x1b[0m` : text);
