export interface Tab {
  readonly query: string;
  /** The variables as JSON. */
  readonly variables?: string;
}

export const json = (value: unknown): string => JSON.stringify(value, null, 2);
