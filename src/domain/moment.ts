const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt](?!24)\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** Parses an RFC 3339 date-time. Null: the text is not one. */
export function momentOf(value: string): Date | null {
  const at = RFC_3339.test(value) ? new Date(value) : null;
  // Date parses 30 February as 2 March, but a message must not be sent on another day than the given one.
  return at && !Number.isNaN(at.getTime()) && isDay(value) ? at : null;
}

function isDay(value: string): boolean {
  const day = value.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}
