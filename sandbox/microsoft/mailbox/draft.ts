import type { InternetMessageHeader } from '@microsoft/microsoft-graph-types';
import { composeRaw, formatPerson } from '../../mail/compose.ts';
import { previewOf, previewText } from '../../mail/envelope.ts';
import type { Envelope, Person } from '../../mail/mail.ts';
import type { Content, StoredAttachment, TextBody } from './content.ts';

/** The content of a draft without its attachments. */
export type DraftFields = Pick<
  DraftContent,
  | 'subject'
  | 'text'
  | 'from'
  | 'sender'
  | 'to'
  | 'cc'
  | 'bcc'
  | 'replyTo'
  | 'messageId'
  | 'inReplyTo'
  | 'references'
  | 'importance'
  | 'customHeaders'
> & { readonly date: number };

/** A message that was written in the mailbox. It holds the draft's properties, and composes the MIME from them when it is requested. */
export class DraftContent implements Content {
  subject = '';
  text: TextBody = { type: 'text', content: '' };
  from: Person | null = null;
  sender: Person | null = null;
  to: readonly Person[] = [];
  cc: readonly Person[] = [];
  bcc: readonly Person[] = [];
  replyTo: readonly Person[] = [];
  date: Date;
  messageId: string;
  inReplyTo: readonly string[] = [];
  references: readonly string[] = [];
  importance: 'low' | 'normal' | 'high' = 'normal';
  /** The x- headers that the caller set. */
  customHeaders: InternetMessageHeader[] = [];
  #attachments: StoredAttachment[] = [];
  /** The number of the next attachment. No number is used twice. */
  nextNumber = 0;

  constructor(date: Date, messageId: string) {
    this.date = date;
    this.messageId = messageId;
  }

  /** Returns any message as a draft that can be edited. MIME content other than the body and the attachments is lost, as at Exchange. */
  static from(content: Content, now: Date, freshMessageId: string): DraftContent {
    if (content instanceof DraftContent) return content;
    return DraftContent.copyOf(content, now, freshMessageId);
  }

  static copyOf(content: Content, now: Date, freshMessageId: string): DraftContent {
    const { envelope } = content;
    const draft = new DraftContent(envelope.date ?? now, envelope.messageId ?? freshMessageId);
    draft.subject = envelope.subject;
    draft.text = content.body();
    draft.from = envelope.from;
    draft.sender = envelope.sender;
    draft.to = envelope.to;
    draft.cc = envelope.cc;
    draft.bcc = envelope.bcc;
    draft.replyTo = envelope.replyTo;
    draft.inReplyTo = envelope.inReplyTo;
    draft.references = envelope.references;
    draft.customHeaders = content.headers().filter(({ name }) => /^x-/i.test(name ?? ''));
    for (const attachment of content.attachments()) draft.attach(attachment);
    return draft;
  }

  /** Restores a draft that was kept. */
  static of(fields: DraftFields, attachments: readonly StoredAttachment[], nextNumber: number): DraftContent {
    const draft = new DraftContent(new Date(fields.date), fields.messageId);
    Object.assign(draft, fields, { date: new Date(fields.date), nextNumber });
    draft.#attachments = [...attachments];
    return draft;
  }

  /** Returns everything but the attachments, in a form that JSON can hold. */
  fields(): DraftFields {
    const { subject, text, from, sender, to, cc, bcc, replyTo, date, messageId, inReplyTo, references } = this;
    const { importance, customHeaders } = this;
    const people = { from, sender, to, cc, bcc, replyTo };
    return {
      subject,
      text,
      ...people,
      date: date.getTime(),
      messageId,
      inReplyTo,
      references,
      importance,
      customHeaders,
    };
  }

  attach(given: Omit<StoredAttachment, 'number'>): StoredAttachment {
    const attachment = { ...given, number: this.nextNumber++ };
    this.#attachments.push(attachment);
    return attachment;
  }

  detach(number: number): void {
    this.#attachments = this.#attachments.filter((attachment) => attachment.number !== number);
  }

  get envelope(): Envelope {
    const plain = this.text.type === 'html' ? previewText(this.text.content) : this.text.content;
    return {
      subject: this.subject,
      from: this.from,
      sender: this.sender ?? this.from,
      to: this.to,
      cc: this.cc,
      bcc: this.bcc,
      replyTo: this.replyTo,
      date: this.date,
      messageId: this.messageId,
      inReplyTo: this.inReplyTo,
      references: this.references,
      preview: previewOf(plain),
      bodyPreview: previewOf(plain),
      hasAttachment: this.#attachments.some((attachment) => !this.#isHidden(attachment)),
      size: this.#attachments.reduce(
        (sum, { size }) => sum + Math.ceil((size * 4) / 3),
        1024 + this.text.content.length,
      ),
    };
  }

  body(): TextBody {
    return this.text;
  }

  attachments(): readonly StoredAttachment[] {
    return this.#attachments;
  }

  headers(): InternetMessageHeader[] {
    return this.customHeaders;
  }

  raw(): Buffer {
    return compose(this);
  }

  /** Returns the MIME that is sent. It has no Bcc, which only the server uses. */
  rawWithoutBcc(): Buffer {
    return compose(this, { bcc: false });
  }

  #isHidden(attachment: StoredAttachment): boolean {
    const shown = this.text.type === 'html' && this.text.content.includes(`cid:${attachment.contentId}`);
    return attachment.isInline || (attachment.contentId !== null && shown);
  }
}

/** Composes the RFC 5322 message of a draft. The same draft always gives the same bytes. */
function compose(draft: DraftContent, { bcc = true }: { bcc?: boolean } = {}): Buffer {
  const headers: Record<string, string> = {};
  if (draft.sender && draft.sender.address !== draft.from?.address)
    headers.Sender = formatPerson(headerPerson(draft.sender));
  if (bcc && draft.bcc.length > 0)
    headers.Bcc = draft.bcc.map((person) => formatPerson(headerPerson(person))).join(', ');
  if (draft.importance !== 'normal') headers.Importance = draft.importance;
  for (const { name, value } of draft.customHeaders) if (name) headers[oneLine(name)] = oneLine(value ?? '');
  return composeRaw({
    from: headerPerson(draft.from ?? { name: '', address: '' }),
    to: draft.to.map(headerPerson),
    cc: draft.cc.map(headerPerson),
    replyTo: draft.replyTo.map(headerPerson),
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

/** Leaves out a name that only repeats the address. */
const headerPerson = ({ name, address }: Person): Person => ({
  name: name === address ? '' : oneLine(name),
  address: oneLine(address),
});
