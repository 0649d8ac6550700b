import { GmailError, gmailError } from './errors.ts';

/**
 * Decodes a base64url field of a JSON answer while it arrives. Gmail returns files only in this form, and a file of 25 MB must
 * not be held in memory. The answer must not have another field of that name.
 */
export async function* base64Field(
  body: AsyncIterable<Uint8Array>,
  field: string,
  operation: string,
): AsyncGenerator<Uint8Array> {
  const opening = new RegExp(`"${field}"\\s*:\\s*"`);
  let state: 'before' | 'inside' | 'padding' | 'closed' = 'before';
  let text = '';
  try {
    for await (const chunk of body) {
      if (state === 'closed') continue;
      text += Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1');
      if (state === 'before') {
        const found = opening.exec(text);
        if (!found) continue;
        text = text.slice(found.index + found[0].length);
        state = 'inside';
      }
      if (state === 'inside') {
        // The value ends at the closing quote or at the padding before it, which Google may write as an escaped `=`.
        const end = text.search(/["=\\]/);
        const usable = end < 0 ? text.length - (text.length % 4) : end;
        if (usable > 0) yield Buffer.from(text.slice(0, usable), 'base64url');
        text = text.slice(usable);
        if (end >= 0) state = 'padding';
      }
      if (state === 'padding') {
        if (text.includes('"')) state = 'closed';
        text = '';
      }
    }
  } catch (error) {
    throw gmailError(error, operation);
  }
  // The answer for an empty file may have a size of 0 and no data.
  const whole = state === 'closed' || (state === 'before' && /^\s*\{\s*"size"\s*:\s*0\s*\}\s*$/.test(text));
  if (!whole)
    throw new GmailError('PROVIDER_UNAVAILABLE', 'Gmail aborted the download. Try again.', operation, null, 'cut');
}
