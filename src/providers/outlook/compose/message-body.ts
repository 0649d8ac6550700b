import type { Message as GraphMessage, Recipient } from '@microsoft/microsoft-graph-types';
import type { Address } from '../../../domain/address.ts';
import type { Compose } from '../../../domain/compose.ts';
import { MailError } from '../../../domain/error.ts';
import { bracketed } from '../../shared/mime/mime-writer.ts';
import { IN_REPLY_TO, REFERENCES } from '../read/fields.ts';

const MAX_JSON_BYTES = 4_000_000;

/**
 * Returns the message as Graph's JSON, which has room for one body: the HTML, if there is one. Files are added one by
 * one. Headers whose names do not begin with x- are set as extended properties, because Graph accepts no other custom
 * headers.
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
    // createReply, createReplyAll and createForward have set these already.
    ...(origin !== null || threading.length === 0 ? {} : { singleValueExtendedProperties: threading }),
  };
}

/** The fields that a draft made from MIME should have already. */
export const envelopeOf = (compose: Compose): GraphMessage => ({
  subject: compose.subject,
  toRecipients: compose.to.map(recipient),
  ccRecipients: compose.cc.map(recipient),
  bccRecipients: compose.bcc.map(recipient),
  replyTo: compose.replyTo.map(recipient),
  internetMessageId: `<${compose.internetMessageId}>`,
});

/** Throws INVALID with both sizes when the text is longer than one request allows. */
export function toBody(message: GraphMessage): string {
  const body = JSON.stringify(message);
  const bytes = Buffer.byteLength(body);
  if (bytes <= MAX_JSON_BYTES) return body;
  throw new MailError(
    'INVALID',
    `The text has ${bytes} bytes, but Outlook accepts at most ${MAX_JSON_BYTES}. Shorten it.`,
    {
      field: ['html'],
    },
  );
}

/** Returns whether the draft that Exchange created has the recipients, subject and Message-ID as written. */
export function hasSameEnvelope(draft: GraphMessage, compose: Compose): boolean {
  const expected = envelopeOf(compose);
  const lists = ['toRecipients', 'ccRecipients', 'bccRecipients', 'replyTo'] as const;
  return (
    (draft.subject ?? '') === compose.subject &&
    draft.internetMessageId === expected.internetMessageId &&
    lists.every((list) => addresses(draft[list]) === addresses(expected[list]))
  );
}

const addresses = (list: readonly Recipient[] | null | undefined): string =>
  [...new Set((list ?? []).map(({ emailAddress }) => emailAddress?.address?.toLowerCase() ?? ''))].sort().join(' ');

const recipient = ({ name, address }: Address): Recipient => ({
  emailAddress: { address, ...(name === null ? {} : { name }) },
});
