import type { ComposeAttachment } from '../../domain/compose.ts';
import { MailError } from '../../domain/error.ts';
import type { Attachment } from '../../domain/message.ts';
import type { MailAccount } from '../account/mail-account.ts';
import { cleanFilename } from './filename.ts';

/** A file up to this size, in bytes, is read once and kept until it is sent. */
const MAX_BUFFERED_BYTES = 256 * 1024;
const MEDIA_TYPE = /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}$/;

/** A file to copy from a message, and the Content-ID (or null) that it gets. */
interface FileToCopy {
  readonly attachment: Attachment;
  readonly contentId: string | null;
}

/**
 * Files of a message that are sent in another one. Their bytes are streamed from one provider to the other. Each file is
 * read once before that, because its exact size must be known and the sizes that providers report are not exact (Exchange
 * adds its own overhead). All files are read within one time limit, and also when the client disconnects.
 */
export function mailboxFiles(
  source: MailAccount,
  messageId: string,
  wanted: readonly FileToCopy[],
): Promise<readonly ComposeAttachment[]> {
  if (wanted.length === 0) return Promise.resolve([]);
  return source.readForChange(wanted.length, (_session, { signal }) =>
    Promise.all(wanted.map((one) => mailboxFile(source, messageId, one, signal))),
  );
}

async function mailboxFile(
  source: MailAccount,
  messageId: string,
  { attachment, contentId }: FileToCopy,
  measuring: AbortSignal,
): Promise<ComposeAttachment> {
  const read = async (signal: AbortSignal) =>
    (await source.session()).readAttachment(messageId, attachment.id, {
      signal,
      priority: 'interactive',
      ...source.metered,
    });
  const { size, bytes } = await measure(await read(measuring), measuring);
  return {
    filename: cleanFilename(
      attachment.filename ?? (attachment.mimeType === 'message/rfc822' ? 'message.eml' : 'attachment'),
    ),
    mimeType: MEDIA_TYPE.test(attachment.mimeType) ? attachment.mimeType : 'application/octet-stream',
    sizeBytes: size,
    contentId,
    open: async (signal) => (bytes ? new Blob([bytes]).stream() : read(signal)),
  };
}

/** The exact size of a stream, with its bytes when they are few. */
async function measure(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): Promise<{ size: number; bytes: Buffer<ArrayBuffer> | null }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    if (signal.aborted) throw signal.reason;
    size += chunk.length;
    if (size <= MAX_BUFFERED_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  }
  return { size, bytes: size <= MAX_BUFFERED_BYTES ? Buffer.concat(chunks) : null };
}

/** The NOT_FOUND error for an attachment, in terms of the request. */
export const noSuchAttachment = (): MailError =>
  new MailError(
    'NOT_FOUND',
    'There is no such attachment. Its message may have been deleted, or was a draft that has changed.',
  );
