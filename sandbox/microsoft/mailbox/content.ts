import type { InternetMessageHeader } from '@microsoft/microsoft-graph-types';
import { inlineIn, readBody } from '../../mail/body.ts';
import type { Envelope, Mail, MimePart } from '../../mail/mail.ts';

/** What a message says, apart from its state in a mailbox (read, folder, flag …). */
export interface Content {
  readonly envelope: Envelope;
  body(): TextBody;
  attachments(): readonly StoredAttachment[];
  headers(): InternetMessageHeader[];
  /** RFC 5322. */
  raw(): Buffer;
}

export interface TextBody {
  readonly type: 'text' | 'html';
  readonly content: string;
}

export interface StoredAttachment {
  /** Its number within the message; never reused. */
  readonly number: number;
  readonly kind: 'file' | 'item';
  readonly name: string;
  readonly contentType: string;
  readonly contentId: string | null;
  readonly isInline: boolean;
  readonly size: number;
  readonly addedAt: Date;
  bytes(): Buffer;
}

/** A mail as it came in, or as it was handed over in MIME. */
export class ReceivedContent implements Content {
  readonly mail: Mail;

  constructor(mail: Mail) {
    this.mail = mail;
  }

  get envelope(): Envelope {
    return this.mail.envelope;
  }

  body(): TextBody {
    const body = readBody(this.mail.mime());
    const { html } = body;
    if (html !== null) return { type: 'html', content: html };
    return { type: 'text', content: (body.text ?? '').replace(/\r?\n/g, '\r\n') };
  }

  attachments(): readonly StoredAttachment[] {
    const { attachments, html } = readBody(this.mail.mime());
    const isInline = inlineIn(html);
    return attachments.map((part, number) => stored(part, number, isInline(part), this.mail.receivedAt));
  }

  headers(): InternetMessageHeader[] {
    return this.mail.mime().headers.map(({ name, value }) => ({ name, value }));
  }

  raw(): Buffer {
    return this.mail.raw();
  }
}

function stored(part: MimePart, number: number, inline: boolean, addedAt: Date): StoredAttachment {
  const bytes = part.content();
  return {
    number,
    kind: part.mimeType === 'message/rfc822' ? 'item' : 'file',
    name: part.filename ?? nameFor(part, number),
    contentType: part.mimeType,
    contentId: part.contentId,
    isInline: inline,
    size: bytes.length,
    addedAt,
    bytes: () => bytes,
  };
}

/** Exchange numbers what has no name. */
function nameFor(part: MimePart, number: number): string {
  const subtype = part.mimeType.split('/')[1] ?? 'dat';
  const extension =
    { plain: 'txt', html: 'htm', jpeg: 'jpg', rfc822: 'eml', 'octet-stream': 'dat' }[subtype] ?? subtype;
  return `ATT${String(number + 1).padStart(5, '0')}.${extension.replace(/[^\w-]/g, '')}`;
}
