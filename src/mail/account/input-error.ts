import { isMailError, MailError, type MailErrorCode } from '../../domain/error.ts';

/** The path of a field, from the input object on that is being read. */
export type FieldPath = readonly string[];

export const invalid = (message: string, field: FieldPath): MailError => new MailError('INVALID', message, { field });

/** What another input would mend. The rest is not the fault of a field. */
const OF_A_FIELD: ReadonlySet<MailErrorCode> = new Set([
  'NOT_FOUND',
  'BAD_USER_INPUT',
  'INVALID',
  'CONFLICT',
  'UNSUPPORTED',
]);

/** Runs what concerns one field; an error that the field is to blame for, and that names none, then names it. */
export async function withErrorField<T>(field: FieldPath, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw blaming(field, error);
  }
}

function blaming(field: FieldPath, error: unknown): unknown {
  if (!isMailError(error) || error.field || !OF_A_FIELD.has(error.code)) return error;
  return new MailError(error.code, error.message, { field, cause: error });
}

/** The same error with its field's path begun further out. */
export function within(outer: FieldPath, error: unknown): unknown {
  if (!isMailError(error) || !error.field) return error;
  const { code, message, retryAfterMs, field } = error;
  return new MailError(code, message, { retryAfterMs, cause: error, field: [...outer, ...field] });
}
