import type { TextOutput } from './text-output.ts';

interface Cell {
  /** The reserved position of its separator in the output. */
  readonly at: number;
  isFilled: boolean;
}

interface Row {
  readonly cells: Cell[];
  readonly linesBefore: number;
  readonly end: () => void;
  hasLines: boolean;
}

/**
 * A table that is being read. Like innerText, it puts a tab between cells and each row on a line. A table used for
 * layout reads from top to bottom: when a cell has several lines, or no row has two cells with words, each cell is a
 * line.
 */
export class TextTable {
  private readonly rows: Row[] = [];
  private row: Row | null = null;

  constructor(
    private readonly output: TextOutput,
    /** True for role="presentation", whose empty cells are only spacing. */
    private readonly isLayout: boolean,
  ) {}

  /** Begins a row and returns a function that ends it. */
  beginRow(): () => void {
    this.endRow();
    const row: Row = { cells: [], linesBefore: this.output.lines, end: this.output.beginRow(), hasLines: false };
    this.rows.push(row);
    this.row = row;
    return () => {
      if (this.row === row) this.endRow();
    };
  }

  /** Begins a cell, and a row if there is none. Returns a function that ends the cell. */
  beginCell(): () => void {
    if (this.row === null) this.beginRow();
    const cell: Cell = { at: this.output.reserve(), isFilled: false };
    this.row?.cells.push(cell);
    const end = this.output.beginBox();
    return () => {
      cell.isFilled = end();
    };
  }

  end(): void {
    this.endRow();
    const filled = ({ cells }: Row) => cells.reduce((count, { isFilled }) => count + (isFilled ? 1 : 0), 0);
    const hasColumns = this.rows.some((row) => filled(row) > 1);
    for (const row of this.rows) if (hasColumns) this.separate(row);
  }

  private endRow(): void {
    const { row } = this;
    this.row = null;
    if (row === null) return;
    row.hasLines = this.output.lines > row.linesBefore;
    row.end();
  }

  private separate({ cells, hasLines }: Row): void {
    const last = cells.findLastIndex(({ isFilled }) => isFilled);
    let isFirst = true;
    for (const [index, { at, isFilled }] of cells.entries()) {
      const isSkipped = (hasLines || this.isLayout) && !isFilled;
      if (index > last || isSkipped) continue;
      // An empty cell at the beginning of a row is a column too.
      if (!isFirst) this.output.fill(at, hasLines ? 'line' : 'tab');
      isFirst = false;
    }
  }
}
