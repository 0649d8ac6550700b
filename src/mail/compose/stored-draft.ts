import type { ComposeAttachment, ComposeOrigin } from '../../domain/compose.ts';
import { MailError } from '../../domain/error.ts';
import { accountId } from '../../domain/global-id.ts';
import type { Message } from '../../domain/message.ts';
import { withErrorField } from '../account/input-error.ts';
import type { MailAccount } from '../account/mail-account.ts';
import { filesOf } from './attachments.ts';
import type { Defaults } from './original.ts';

export const CHANGED_ELSEWHERE =
  'The draft was changed elsewhere since you read this version of it. Nothing was overwritten: read it again, then decide.';

/** The stored draft that is revised, with its content. Throws NOT_FOUND, or CONFLICT when it has changed. */
export async function readDraft(account: MailAccount, id: string, ifVersion: string | null): Promise<Message> {
  const draft = await withErrorField(['draft'], async () => {
    const { integrationId, providerId } = accountId(id, 'Draft');
    if (integrationId !== account.id) throw new MailError('INVALID', 'The draft is in another account.');
    const [found] = await account.read((session, call) => session.getDrafts([providerId], call));
    if (!found) throw new MailError('NOT_FOUND', 'There is no such draft: it was sent or deleted.');
    if (found instanceof Error) throw found;
    return found;
  });
  if (ifVersion !== null && draft.version !== ifVersion)
    throw new MailError('CONFLICT', CHANGED_ELSEWHERE, { field: ['ifVersion'] });
  return draft.message.content ? draft.message : account.messages.full(draft.message.id);
}

/** The values that a draft keeps where its revision does not give them. */
export async function defaultsFromDraft(account: MailAccount, draft: Message): Promise<Defaults> {
  const { from, to, cc, bcc, replyTo, subject } = draft;
  const { inReplyTo = [], references = [] } = draft.content ?? {};
  const origin = await answeredBy(account, draft, inReplyTo);
  return { from, to, cc, bcc, replyTo, subject, inReplyTo, references, origin };
}

/** The message that the draft replies to, if it is in the same thread. The provider needs it with each revision. */
async function answeredBy(
  account: MailAccount,
  { threadId }: Message,
  inReplyTo: readonly string[],
): Promise<ComposeOrigin | null> {
  const [answered] = inReplyTo;
  if (threadId === null || answered === undefined) return null;
  const { messages } = await account.threads.load(threadId);
  const message = messages.find(({ internetMessageId }) => internetMessageId === answered);
  return message ? { kind: 'reply', messageId: message.id, threadId } : null;
}

/** All files of the draft, inline files with their Content-IDs. */
export function keptFiles(account: MailAccount, draft: Message): Promise<readonly ComposeAttachment[]> {
  const files = draft.content?.attachments ?? [];
  return filesOf(
    account,
    draft,
    new Map(files.map(({ id, isInline, contentId }) => [id, isInline ? contentId : null])),
  );
}
