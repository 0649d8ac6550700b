const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt](?!24)\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/** The moment that a text is in RFC 3339; null where it is none. */
export function momentOf(value: string): Date | null {
  const at = RFC_3339.test(value) ? new Date(value) : null;
  // Date reads 30 February as 2 March; a message must not be sent on another day than the one that was given.
  return at && !Number.isNaN(at.getTime()) && isDay(value) ? at : null;
}

function isDay(value: string): boolean {
  const day = value.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}
