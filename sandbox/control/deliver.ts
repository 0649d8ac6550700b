import { parseAddressList } from '../mail/address.ts';
import { composeRaw, type Enclosed } from '../mail/compose.ts';
import type { Mail, Person, Placement } from '../mail/mail.ts';
import { mailFromRaw } from '../mail/received.ts';
import type { Delivery } from './input.ts';

let sequence = 0;

/** Builds the mail of a delivery request. Its key contains the time, so that no two runs deliver the same mail. */
export function mailOf(delivery: Delivery, account: string, now: Date): Mail {
  const key = `delivered:${now.getTime()}.${++sequence}`;
  const { mailbox, labels, isRead, isStarred, isImportant } = delivery;
  const placement: Placement = { mailbox, labels, isRead, isStarred, isImportant };
  return mailFromRaw(rawOf(delivery, account, key, now), { key, receivedAt: delivery.receivedAt ?? now, placement });
}

function rawOf(delivery: Delivery, account: string, key: string, now: Date): Buffer {
  if (delivery.rawBase64 !== undefined) return Buffer.from(delivery.rawBase64, 'base64');
  if (delivery.raw !== undefined) return Buffer.from(delivery.raw, 'utf8');
  const [from] = peopleOf(delivery.from);
  const to = delivery.to === undefined ? [{ name: '', address: account }] : peopleOf(delivery.to);
  return composeRaw({
    from: from ?? { name: '', address: 'someone@mail.example' },
    to,
    cc: peopleOf(delivery.cc),
    replyTo: peopleOf(delivery.replyTo),
    subject: delivery.subject ?? '',
    text: delivery.text ?? (delivery.html === undefined ? '' : null),
    html: delivery.html ?? null,
    date: delivery.date ?? now,
    messageId: delivery.messageId ?? `<${key.replace(':', '.')}@sandbox.example>`,
    inReplyTo: delivery.inReplyTo ?? [],
    references: delivery.references ?? [],
    headers: delivery.headers ?? {},
    files: (delivery.attachments ?? []).map(enclosed),
  });
}

type Given = Delivery['from'] | Delivery['to'];

function peopleOf(given: Given): Person[] {
  if (given === undefined) return [];
  const list = Array.isArray(given) ? given : [given];
  return list.flatMap((entry) => (typeof entry === 'string' ? parseAddressList(entry) : [entry]));
}

function enclosed(file: NonNullable<Delivery['attachments']>[number]): Enclosed {
  const { filename, mimeType, contentBase64, contentId } = file;
  const bytes = Buffer.from(contentBase64, 'base64');
  return contentId === undefined ? { filename, mimeType, bytes } : { filename, mimeType, bytes, contentId };
}
