import { Readable } from 'node:stream';
import type { Compose, ComposeAttachment } from '../../../domain/compose.ts';
import { MailError } from '../../../domain/error.ts';
import { textOfHtml } from '../../shared/html/html-text.ts';
import { refuseHeaderInjection } from '../../shared/mime/header-check.ts';
import { encodedSize, writeMime } from '../../shared/mime/mime-writer.ts';

/** Gmail's maximum for the attachments of one message, decoded, in bytes. */
export const MAX_ATTACHED_BYTES = 25 * 1024 * 1024;
/** Gmail's maximum for one encoded message, in bytes. */
export const MAX_MESSAGE_BYTES = 35 * 1024 * 1024;

/** A header that repeats the Message-ID, because Gmail may replace the Message-ID of mail that its API sends (FlowCrypt/flowcrypt-browser#4273). */
export const OWN_ID_HEADER = 'X-Postern-Message-ID';

/** An RFC 5322 message that is generated while it is read, so that no attachment is held in memory. */
export interface Mime {
  /** The estimated size in bytes, which is a little more than the real one. */
  readonly estimate: number;
  /** Generates the message from its start. Each file is opened when its part is reached. */
  open(signal: AbortSignal): Readable;
}

/** Throws BAD_USER_INPUT for a value that would begin another header, and INVALID for a message that is too large for Gmail. */
export function mimeOf(compose: Compose, ownAddress: string): Mime {
  refuseHeaderInjection(compose);
  const attached = compose.attachments.reduce((sum, file) => sum + file.sizeBytes, 0);
  if (attached > MAX_ATTACHED_BYTES) throw tooLarge('attachments', attached, MAX_ATTACHED_BYTES);
  const bodies = Buffer.byteLength(compose.text ?? '') + Buffer.byteLength(compose.html ?? '') * 2;
  const estimate = encodedSize(compose.attachments) + Math.ceil(bodies * 1.4) + 16_384;
  if (estimate > MAX_MESSAGE_BYTES) throw tooLarge('message', estimate, MAX_MESSAGE_BYTES);
  return { estimate, open: (signal) => write(compose, ownAddress, signal) };
}

function write(compose: Compose, ownAddress: string, signal: AbortSignal): Readable {
  return writeMime(compose, {
    ownAddress,
    text: compose.text ?? (compose.html === null ? '' : textOfHtml(compose.html)),
    headers: { [OWN_ID_HEADER]: `<${compose.internetMessageId}>` },
    content: (file) => Readable.from(bytesOf(file, signal), { objectMode: false }),
  }).createReadStream();
}

/** Opens the file when it is first read. Throws when its size is not the announced one. */
async function* bytesOf(file: ComposeAttachment, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let read = 0;
  for await (const chunk of (await file.open(signal)) as unknown as AsyncIterable<Uint8Array>) {
    read += chunk.byteLength;
    if (read > file.sizeBytes) break;
    yield chunk;
  }
  if (read !== file.sizeBytes) {
    throw new MailError('INVALID', `${file.filename} does not have the announced ${file.sizeBytes} bytes.`, {
      field: ['attachments'],
    });
  }
}

function tooLarge(what: 'attachments' | 'message', size: number, max: number): MailError {
  const mb = (bytes: number) => `${(bytes / 1024 / 1024).toFixed(1)} MB`;
  const subject = what === 'message' ? 'The message comes' : 'The attachments come';
  return new MailError('INVALID', `${subject} to ${mb(size)}. Gmail accepts at most ${mb(max)}.`, {
    field: ['attachments'],
  });
}
