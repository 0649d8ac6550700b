import type { TextOutput } from './text-output.ts';

interface Cell {
  /** Where its separator stands among the pieces. */
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
 * A table while it is read: a tab between cells and a line for each row, as innerText has them. A page that is laid out by
 * a table reads from top to bottom: where a cell has several lines, or no row has two cells with words, each cell is a line.
 */
export class TextTable {
  private readonly rows: Row[] = [];
  private row: Row | null = null;

  constructor(
    private readonly output: TextOutput,
    /** role="presentation": its empty cells are distances. */
    private readonly isLayout: boolean,
  ) {}

  /** Gives what ends it. */
  beginRow(): () => void {
    this.endRow();
    const row: Row = { cells: [], linesBefore: this.output.lines, end: this.output.beginRow(), hasLines: false };
    this.rows.push(row);
    this.row = row;
    return () => {
      if (this.row === row) this.endRow();
    };
  }

  /** Also without a row of its own. Gives what ends it. */
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
      // An empty cell at the beginning of a row is a column as well.
      if (!isFirst) this.output.fill(at, hasLines ? 'line' : 'tab');
      isFirst = false;
    }
  }
}
