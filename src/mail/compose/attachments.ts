import type { ComposeAttachment } from '../../domain/compose.ts';
import { partsOf } from '../../domain/global-id.ts';
import type { Message } from '../../domain/message.ts';
import { type FieldPath, invalid, withErrorField } from '../account/input-error.ts';
import type { MailAccount } from '../account/mail-account.ts';
import type { RequestedAttachment } from './compose-request.ts';
import { checkContentId, checkFilename } from './filename.ts';
import { mailboxFiles, noSuchAttachment } from './mailbox-file.ts';

/** Mail programs show fewer files than this. */
const MAX_ATTACHMENTS = 100;

/** The files that users have uploaded. */
export interface AttachmentSource {
  /**
   * The file of a global id. Throws NOT_FOUND for an upload that belongs to another user, was not completed, or has
   * expired, and BAD_USER_INPUT for an invalid id.
   */
  attachment(userId: string, uploadId: string): Promise<ComposeAttachment>;
}

interface FilesOf {
  readonly userId: string;
  readonly uploads: AttachmentSource;
  /** One of the user's accounts; null for any other id. */
  readonly account: (integrationId: string) => Promise<MailAccount | null>;
}

/** The file for an attachment of the input. `messageId` is the message that it is in, or null for an upload. */
interface ResolvedFile {
  readonly file: ComposeAttachment;
  readonly messageId: string | null;
}

/** The files for the attachments of the input, in the same order. Throws with the path of the attachment at fault. */
export async function resolveFiles(
  given: readonly RequestedAttachment[],
  of: FilesOf,
): Promise<readonly ResolvedFile[]> {
  if (given.length > MAX_ATTACHMENTS)
    throw invalid(`A message can have at most ${MAX_ATTACHMENTS} attachments; this one has ${given.length}.`, [
      'attachments',
    ]);
  const contentIds = new Set<string>();
  const checked = given.map((input, index) => {
    const at = ['attachments', String(index)];
    const filename = input.filename == null ? null : checkFilename(input.filename, [...at, 'filename']);
    const inline =
      input.inlineContentId == null ? null : checkContentId(input.inlineContentId, [...at, 'inlineContentId']);
    if (inline !== null && contentIds.has(inline))
      throw invalid('Another attachment has this Content-ID.', [...at, 'inlineContentId']);
    if (inline !== null) contentIds.add(inline);
    return { input, at, filename, inline };
  });
  return Promise.all(
    checked.map(async ({ input, at, filename, inline }) => {
      const { file, messageId } = await fileOf(input, at, of);
      return { file: { ...file, filename: filename ?? file.filename, contentId: inline }, messageId };
    }),
  );
}

async function fileOf({ upload, attachment }: RequestedAttachment, at: FieldPath, of: FilesOf): Promise<ResolvedFile> {
  if ((upload == null) === (attachment == null)) throw invalid('Give either upload or attachment.', at);
  if (upload != null) {
    const file = await withErrorField([...at, 'upload'], () => of.uploads.attachment(of.userId, upload));
    return { file, messageId: null };
  }
  return withErrorField([...at, 'attachment'], () => fileInMailbox(attachment as string, of));
}

async function fileInMailbox(id: string, of: FilesOf): Promise<ResolvedFile> {
  const [integrationId, messageId, attachmentId] = partsOf(id, 'Attachment', 3) as [string, string, string];
  const source = await of.account(integrationId);
  const message = source && (await source.messages.full(messageId));
  const attachment = message?.content?.attachments.find((one) => one.id === attachmentId);
  if (!source || !attachment) throw noSuchAttachment();
  const [file] = await mailboxFiles(source, messageId, [{ attachment, contentId: null }]);
  if (!file) throw noSuchAttachment();
  return { file, messageId };
}

/** The files of `message` whose ids are keys of `wanted`, each with the Content-ID (or null) that is its value. */
export async function filesOf(
  source: MailAccount,
  message: Message,
  wanted: ReadonlyMap<string, string | null>,
): Promise<readonly ComposeAttachment[]> {
  const files = (message.content?.attachments ?? []).filter(({ id }) => wanted.has(id));
  return mailboxFiles(
    source,
    message.id,
    files.map((attachment) => ({ attachment, contentId: wanted.get(attachment.id) ?? null })),
  );
}

/** Throws INVALID with the path of the first file that exceeds the limit. The first `given` files are those of the input. */
export function checkTotal(
  files: readonly ComposeAttachment[],
  given: number,
  maxBytes: number,
  address: string,
): void {
  const total = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (total <= maxBytes) return;
  let sum = 0;
  const index = files.findIndex(({ sizeBytes }) => {
    sum += sizeBytes;
    return sum > maxBytes;
  });
  throw invalid(
    `${address} can send at most ${maxBytes} bytes of attachments in one message; these have ${total}.`,
    index < given ? ['attachments', String(index)] : ['attachments'],
  );
}
