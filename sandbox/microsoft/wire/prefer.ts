import { badRequest } from './errors.ts';

/** The preferences of a Prefer header that Outlook knows. */
export interface Prefer {
  readonly immutableIds: boolean;
  readonly bodyType: 'text' | 'html' | null;
  readonly pageSize: number | null;
  /** The value of Preference-Applied. Empty when the header has no preference. */
  readonly applied: string;
}

/** Parses the header. Throws BadRequest for a value that Graph refuses, and ignores unknown preferences. */
export function parsePrefer(header: string | undefined): Prefer {
  const value = header ?? '';
  const immutableIds = /\bIdType\s*=\s*"?ImmutableId"?/i.test(value);
  const bodyType = /\boutlook\.body-content-type\s*=\s*"?([\w-]*)"?/i.exec(value)?.[1]?.toLowerCase() ?? null;
  if (bodyType !== null && bodyType !== 'text' && bodyType !== 'html')
    throw badRequest(
      `The value '${bodyType}' of the preference outlook.body-content-type is not valid.`,
      'ErrorInvalidRequest',
    );
  const pageSize = /\bodata\.maxpagesize\s*=\s*"?(\d+)/i.exec(value)?.[1];
  const applied: string[] = [];
  if (immutableIds) applied.push('IdType="ImmutableId"');
  if (bodyType) applied.push(`outlook.body-content-type="${bodyType}"`);
  if (pageSize) applied.push(`odata.maxpagesize=${pageSize}`);
  return { immutableIds, bodyType, pageSize: pageSize ? Number(pageSize) : null, applied: applied.join(', ') };
}
