import type { Lab } from './lab/lab.ts';

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /** What stands beside it, in the same unit: measured in the same run, or a limit that follows from the set-up. */
  readonly beside?: { readonly what: string; readonly value: number };
  /** value / beside.value. */
  readonly ratio?: number;
  /** The design's budget: `of` the value itself or of the ratio. Printed, never asserted. */
  readonly budget?: { readonly of: 'value' | 'ratio'; readonly most?: number; readonly least?: number };
}

/** What measures share. */
export interface Bench {
  /** The gateway in front of the emulators; started when it is first asked for. */
  lab(): Promise<Lab>;
}

export interface Measure {
  /** As on the command line. */
  readonly name: string;
  /** The question that it answers, for the table's heading. */
  readonly question: string;
  run(bench: Bench): Promise<readonly Row[]>;
}

/** A row whose ratio follows from what stands beside it. */
export function beside(
  what: string,
  value: number,
  unit: string,
  other: { readonly what: string; readonly value: number },
  budget?: Row['budget'],
): Row {
  return { what, value, unit, beside: other, ratio: value / other.value, ...(budget ? { budget } : {}) };
}

/** Null where there is no budget. */
export function withinBudget({ budget, value, ratio }: Row): boolean | null {
  if (!budget) return null;
  const figure = budget.of === 'value' ? value : (ratio ?? Number.NaN);
  return figure <= (budget.most ?? Number.POSITIVE_INFINITY) && figure >= (budget.least ?? Number.NEGATIVE_INFINITY);
}
