import { type Row, withinBudget } from './measure.ts';

export interface Result {
  readonly name: string;
  readonly question: string;
  readonly rows: readonly Row[];
  readonly seconds: number;
}

const HEAD = ['', 'value', '', 'beside', 'ratio', 'budget', ''];

/** Formats one table for all measures. The last column says whether the budget is kept. */
export function table(results: readonly Result[]): string {
  const blocks = results.map(({ name, question, rows }) => ({ title: `${name}: ${question}`, lines: rows.map(cells) }));
  const all = [HEAD, ...blocks.flatMap(({ lines }) => lines)];
  const widths = HEAD.map((_, column) => Math.max(...all.map((line) => (line[column] ?? '').length)));
  const draw = (line: readonly string[]) =>
    line
      .map((cell, column) =>
        column === 1 || column === 4 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [draw(HEAD), ...blocks.flatMap(({ title, lines }) => ['', title, ...lines.map(draw)])].join('\n');
}

function cells(row: Row): string[] {
  const kept = withinBudget(row);
  return [
    `  ${row.what}`,
    figure(row.value),
    row.unit,
    row.beside ? `${figure(row.beside.value)} ${row.beside.what}` : '',
    row.ratio === undefined ? '' : `x ${figure(row.ratio)}`,
    budget(row),
    kept === null ? '' : kept ? 'kept' : 'MISSED',
  ];
}

function budget({ budget: limit }: Row): string {
  if (!limit) return '';
  const of = limit.of === 'ratio' ? 'x ' : '';
  return limit.max !== undefined ? `<= ${of}${limit.max}` : `>= ${of}${limit.min}`;
}

/** Formats a figure with three significant digits. */
function figure(value: number): string {
  if (!Number.isFinite(value)) return '-';
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toPrecision(3);
}
