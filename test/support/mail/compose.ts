import { randomBytes } from 'node:crypto';
import type { Compose, ComposeAttachment } from '../../../src/domain/compose.ts';

/** Returns an ordinary message to zoe@example.org. */
export const compose = (given: Partial<Compose> = {}): Compose => ({
  from: null,
  to: [{ name: 'Böhm, Zoë', address: 'zoe@example.org' }],
  cc: [],
  bcc: [],
  replyTo: [],
  subject: 'Grüße 日本',
  text: 'Erste Zeile\nzweite Zeile',
  html: null,
  attachments: [],
  inReplyTo: [],
  references: [],
  origin: null,
  internetMessageId: `made-${randomBytes(9).toString('hex')}@postern.test`,
  ...given,
});

/** Returns a file that counts how often it was opened. */
export function file(filename: string, bytes: Buffer, given: Partial<ComposeAttachment> = {}) {
  const counted = {
    filename,
    mimeType: 'application/octet-stream',
    sizeBytes: bytes.length,
    contentId: null,
    opened: 0,
    async open() {
      counted.opened++;
      return new Blob([new Uint8Array(bytes)]).stream() as ReadableStream<Uint8Array>;
    },
    ...given,
  };
  return counted;
}
