import type { Compose, ComposeAttachment } from '../../../domain/compose.ts';
import { encodedSize, writeMime } from '../../shared/mime/mime-writer.ts';
import { FileBytes } from './file-bytes.ts';

/** Graph accepts requests of up to 4 MB, and MIME is sent as base64. */
const MAX_MIME_BYTES = 3_000_000;

/**
 * Returns the message in RFC 5322 format, or null when it does not fit into one request. Large files are recognised
 * before any file is opened.
 */
export async function mimeThatFits(compose: Compose, ownAddress: string, signal: AbortSignal): Promise<Buffer | null> {
  const bodies = Buffer.byteLength(compose.text ?? '') + Buffer.byteLength(compose.html ?? '');
  if (encodedSize(compose.attachments) + bodies > MAX_MIME_BYTES) return null;
  const files = new Map(
    await Promise.all(
      compose.attachments.map(
        async (file): Promise<[ComposeAttachment, Buffer]> => [
          file,
          Buffer.from(await new FileBytes(file, signal).all()),
        ],
      ),
    ),
  );
  const mime = await writeMime(compose, {
    ownAddress,
    text: compose.text ?? (compose.html === null ? '' : null),
    content: (file) => files.get(file) ?? Buffer.alloc(0),
  }).build();
  return mime.length > MAX_MIME_BYTES ? null : mime;
}
