import { z } from 'zod';
import type { StoredAttachment } from '../mailbox/content.ts';
import { badRequest, GraphError } from '../wire/errors.ts';

/** The largest file in a request, measured to the byte (msgraph-sdk-java PR 52). With its JSON it fills the 4 MB of a request. */
const MAX_DIRECT_BYTES = 3_145_611;

export const attachmentInput = z.object({
  '@odata.type': z.string(),
  name: z.string().min(1),
  contentType: z.string().nullish(),
  contentBytes: z.string().optional(),
  contentId: z.string().nullish(),
  isInline: z.boolean().optional(),
});

/** Reads an attachment of a request. Throws BadRequest. */
export function parseAttachment(given: unknown): z.infer<typeof attachmentInput> {
  const read = attachmentInput.safeParse(given);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  throw badRequest(
    `Cannot read the value of '${issue?.path.join('/') ?? ''}': ${issue?.message ?? 'it is not valid.'}`,
    'RequestBodyRead',
  );
}

/** Throws Graph's errors for other kinds than files, for invalid base64, and for more bytes than a request may hold. */
export function readAttachment(given: z.infer<typeof attachmentInput>, now: Date): Omit<StoredAttachment, 'number'> {
  if (!/^#?(?:microsoft\.graph|Microsoft\.OutlookServices|graph)\.fileAttachment$/i.test(given['@odata.type']))
    throw badRequest('Only file attachments can be added here.', 'ErrorUnsupportedAttachment');
  const encoded = given.contentBytes ?? '';
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(encoded))
    throw badRequest('Cannot convert the literal to the expected type Edm.Binary.', 'RequestBodyRead');
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes.length > MAX_DIRECT_BYTES)
    throw new GraphError(413, 'RequestEntityTooLarge', 'The maximum request length supported is 4MB.');
  return {
    kind: 'file',
    name: given.name,
    contentType: given.contentType ?? 'application/octet-stream',
    contentId: given.contentId ?? null,
    isInline: given.isInline ?? false,
    size: bytes.length,
    addedAt: now,
    bytes: () => bytes,
  };
}
