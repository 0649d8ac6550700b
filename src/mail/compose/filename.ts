import { isBlank } from '../../domain/blank.ts';
import { isOneLine, steersDirection, toOneLine } from '../../domain/one-line.ts';
import { type FieldPath, invalid } from '../account/input-error.ts';

/** The limit of most file systems, in bytes. */
const MAX_FILENAME_BYTES = 255;
const MAX_CONTENT_ID_LENGTH = 200;

const PATH = /[/\\]/;
const CONTENT_ID = /^[\w.+-]+(?:@[\w.-]+)?$/;

/** Checks a file name that the user gave. Throws INVALID. */
export function checkFilename(name: string, field: FieldPath): string {
  if (isBlank(name) || /^\.+$/.test(name.trim())) throw invalid('A file needs a name.', field);
  if (PATH.test(name) || !isOneLine(name))
    throw invalid('A file name must not contain a path, a line break or a control character.', field);
  if (steersDirection(name))
    throw invalid('A file name must not contain a character that changes the direction of text.', field);
  const bytes = Buffer.byteLength(name);
  if (bytes > MAX_FILENAME_BYTES)
    throw invalid(`A file name has at most ${MAX_FILENAME_BYTES} bytes in UTF-8; this has ${bytes}.`, field);
  return name.trim();
}

/** Corrects a file name from another source by the same rules. */
export function cleanFilename(name: string): string {
  const safe = toOneLine(name).replace(/[/\\]/g, '_');
  if (isBlank(safe) || /^\.+$/.test(safe)) return 'attachment';
  if (Buffer.byteLength(safe) <= MAX_FILENAME_BYTES) return safe;
  const ending = /\.[^.]{1,16}$/.exec(safe)?.[0] ?? '';
  let stem = [...safe.slice(0, safe.length - ending.length)].slice(0, MAX_FILENAME_BYTES);
  while (Buffer.byteLength(stem.join('') + ending) > MAX_FILENAME_BYTES) stem = stem.slice(0, -1);
  return stem.join('') + ending;
}

/** Whether the id has the same form in a Content-ID header and in a cid: URL. */
export const isContentId = (id: string): boolean => id.length <= MAX_CONTENT_ID_LENGTH && CONTENT_ID.test(id);

/** Throws INVALID. */
export function checkContentId(id: string, field: FieldPath): string {
  if (isContentId(id)) return id;
  throw invalid(
    `A Content-ID has letters, digits and . _ + - with one @ at most, ${MAX_CONTENT_ID_LENGTH} characters in all, and no angle brackets.`,
    field,
  );
}
