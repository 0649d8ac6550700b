import type { Lab } from './lab/lab.ts';

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  /**
   * The value to compare with, in the same unit. It is measured in the same run, or is a limit that follows from the
   * set-up.
   */
  readonly beside?: { readonly what: string; readonly value: number };
  /** value / beside.value. */
  readonly ratio?: number;
  /** The budget of the design for the value itself or for the ratio. It is printed and never asserted. */
  readonly budget?: { readonly of: 'value' | 'ratio'; readonly max?: number; readonly min?: number };
}

/** The services that all measures share. */
export interface Bench {
  /** The gateway in front of the emulators. It is started at the first call. */
  lab(): Promise<Lab>;
  /** Another one, whose accounts are followed by push, so that they are live. */
  liveLab(): Promise<Lab>;
}

export interface Measure {
  /** The name on the command line. */
  readonly name: string;
  /** The question that it answers, for the heading in the table. */
  readonly question: string;
  run(bench: Bench): Promise<readonly Row[]>;
}

/** Creates a row with the ratio to the other value. */
export function beside(
  what: string,
  value: number,
  unit: string,
  other: { readonly what: string; readonly value: number },
  budget?: Row['budget'],
): Row {
  return { what, value, unit, beside: other, ratio: value / other.value, ...(budget ? { budget } : {}) };
}

/** Returns whether a row is within its budget. Null if it has none. */
export function withinBudget({ budget, value, ratio }: Row): boolean | null {
  if (!budget) return null;
  const figure = budget.of === 'value' ? value : (ratio ?? Number.NaN);
  return figure <= (budget.max ?? Number.POSITIVE_INFINITY) && figure >= (budget.min ?? Number.NEGATIVE_INFINITY);
}
