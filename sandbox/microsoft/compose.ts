import { composeRaw, formatPerson } from '../mail/compose.ts';
import type { Person } from '../mail/mail.ts';
import type { DraftContent } from './draft.ts';

/** RFC 5322 of a draft; the same draft gives the same bytes. */
export function compose(draft: DraftContent, { bcc = true }: { bcc?: boolean } = {}): Buffer {
  const headers: Record<string, string> = {};
  if (draft.sender && draft.sender.address !== draft.from?.address) headers.Sender = formatPerson(plain(draft.sender));
  if (bcc && draft.bcc.length > 0) headers.Bcc = draft.bcc.map((person) => formatPerson(plain(person))).join(', ');
  if (draft.importance !== 'normal') headers.Importance = draft.importance;
  for (const { name, value } of draft.customHeaders) if (name) headers[oneLine(name)] = oneLine(value ?? '');
  return composeRaw({
    from: plain(draft.from ?? { name: '', address: '' }),
    to: draft.to.map(plain),
    cc: draft.cc.map(plain),
    replyTo: draft.replyTo.map(plain),
    subject: oneLine(draft.subject),
    date: draft.date,
    messageId: draft.messageId,
    inReplyTo: draft.inReplyTo,
    references: draft.references,
    text: draft.text.type === 'text' ? draft.text.content : null,
    html: draft.text.type === 'html' ? draft.text.content : null,
    files: draft.attachments().map((attachment) => ({
      filename: oneLine(attachment.name),
      mimeType: oneLine(attachment.contentType),
      bytes: attachment.bytes(),
      ...(attachment.isInline && attachment.contentId !== null ? { contentId: oneLine(attachment.contentId) } : {}),
    })),
    headers,
  });
}

const oneLine = (text: string) => text.replace(/[\r\n]+/g, ' ');

/** A name that only repeats the address is no name. */
const plain = ({ name, address }: Person): Person => ({
  name: name === address ? '' : oneLine(name),
  address: oneLine(address),
});
