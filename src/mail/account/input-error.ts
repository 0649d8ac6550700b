import { INPUT_ERROR_CODES, isMailError, MailError, type MailErrorCode } from '../../domain/error.ts';

/** The path of an input field, relative to the input object that is being read. */
export type FieldPath = readonly string[];

export const invalid = (message: string, field: FieldPath): MailError => new MailError('INVALID', message, { field });

/** Errors with other codes are not the fault of a field, so they never name one. */
const FIELD_ERROR_CODES: ReadonlySet<MailErrorCode> = new Set(INPUT_ERROR_CODES);

/** Runs work that concerns one input field. An error of FIELD_ERROR_CODES that names no field is rethrown with this one. */
export async function withErrorField<T>(field: FieldPath, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw withField(field, error);
  }
}

function withField(field: FieldPath, error: unknown): unknown {
  if (!isMailError(error) || error.field || !FIELD_ERROR_CODES.has(error.code)) return error;
  return new MailError(error.code, error.message, { field, cause: error });
}

/** The same error with `outer` in front of the path of its field. */
export function within(outer: FieldPath, error: unknown): unknown {
  if (!isMailError(error) || !error.field) return error;
  const { code, message, retryAfterMs, field } = error;
  return new MailError(code, message, { retryAfterMs, cause: error, field: [...outer, ...field] });
}
