import type { Message as GraphMessage, Recipient } from '@microsoft/microsoft-graph-types';
import type { Address } from '../../../domain/address.ts';
import type { Compose } from '../../../domain/compose.ts';
import { MailError } from '../../../domain/error.ts';
import { bracketed } from '../../shared/mime/mime-writer.ts';
import { IN_REPLY_TO, REFERENCES } from '../read/fields.ts';

const MAX_JSON_BYTES = 4_000_000;

/**
 * The message as Graph's JSON, which has room for one body: HTML where there is any. Files are added one by one, and what
 * would be headers of other names than x- are properties of Exchange's own.
 */
export function toGraphMessage(compose: Compose): GraphMessage {
  const { from, html, text, inReplyTo, references, origin } = compose;
  const threading = [
    ...(inReplyTo.length > 0 ? [{ id: IN_REPLY_TO, value: bracketed(inReplyTo) }] : []),
    ...(references.length > 0 ? [{ id: REFERENCES, value: bracketed(references) }] : []),
  ];
  return {
    ...envelopeOf(compose),
    body: html === null ? { contentType: 'text', content: text ?? '' } : { contentType: 'html', content: html },
    ...(from === null ? {} : { from: recipient(from) }),
    // createReply and its kin have written these already.
    ...(origin !== null || threading.length === 0 ? {} : { singleValueExtendedProperties: threading }),
  };
}

/** What MIME says too, for a draft that was made of it. */
export const envelopeOf = (compose: Compose): GraphMessage => ({
  subject: compose.subject,
  toRecipients: compose.to.map(recipient),
  ccRecipients: compose.cc.map(recipient),
  bccRecipients: compose.bcc.map(recipient),
  replyTo: compose.replyTo.map(recipient),
  internetMessageId: `<${compose.internetMessageId}>`,
});

/** Throws INVALID with the figures for a text that is more than one request takes. */
export function toBody(message: GraphMessage): string {
  const body = JSON.stringify(message);
  const bytes = Buffer.byteLength(body);
  if (bytes <= MAX_JSON_BYTES) return body;
  throw new MailError('INVALID', `The text has ${bytes} bytes; Outlook takes ${MAX_JSON_BYTES} at most.`, {
    field: ['html'],
  });
}

/** Whether the draft that Exchange made is addressed and named as it was written. */
export function hasSameEnvelope(draft: GraphMessage, compose: Compose): boolean {
  const wanted = envelopeOf(compose);
  const lists = ['toRecipients', 'ccRecipients', 'bccRecipients', 'replyTo'] as const;
  return (
    (draft.subject ?? '') === compose.subject &&
    draft.internetMessageId === wanted.internetMessageId &&
    lists.every((list) => addresses(draft[list]) === addresses(wanted[list]))
  );
}

const addresses = (list: readonly Recipient[] | null | undefined): string =>
  [...new Set((list ?? []).map(({ emailAddress }) => emailAddress?.address?.toLowerCase() ?? ''))].sort().join(' ');

const recipient = ({ name, address }: Address): Recipient => ({
  emailAddress: { address, ...(name === null ? {} : { name }) },
});
