import { forbidden } from '../errors.ts';
import type { Call } from '../wire/operation.ts';
import type { QuerySpec } from '../wire/query.ts';
import { FORMATS, type Format } from './format.ts';

/** The query parameters of messages.get and similar methods. */
export const GET_QUERY: QuerySpec = { format: FORMATS, metadataHeaders: 'texts' };
export const THREAD_QUERY: QuerySpec = { format: ['minimal', 'full', 'metadata'], metadataHeaders: 'texts' };

/** Returns the requested format. Throws GoogleError 403 when the metadata scope forbids it, even beside a wider scope. */
export function formatOf({ query, scopes }: Call): Format {
  const asked = query.text('format')?.toLowerCase();
  const format = FORMATS.find((name) => name === asked) ?? 'full';
  if (scopes.has('metadata') && (format === 'full' || format === 'raw'))
    throw forbidden(`Metadata scope doesn't allow format ${format.toUpperCase()}`);
  return format;
}
