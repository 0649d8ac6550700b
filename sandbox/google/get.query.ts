import { forbidden } from './errors.ts';
import { FORMATS, type Format } from './format.ts';
import type { Call } from './wire/operation.ts';
import type { QuerySpec } from './wire/query.ts';

/** What messages.get and its like take. */
export const GET_QUERY: QuerySpec = { format: FORMATS, metadataHeaders: 'texts' };
export const THREAD_QUERY: QuerySpec = { format: ['minimal', 'full', 'metadata'], metadataHeaders: 'texts' };

/** The format asked for. Throws GoogleError 403 where the metadata scope bars it, even beside a wider one. */
export function formatOf({ query, scopes }: Call): Format {
  const asked = query.text('format')?.toLowerCase();
  const format = FORMATS.find((name) => name === asked) ?? 'full';
  if (scopes.has('metadata') && (format === 'full' || format === 'raw'))
    throw forbidden(`Metadata scope doesn't allow format ${format.toUpperCase()}`);
  return format;
}
