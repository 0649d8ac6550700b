import type { Envelope, Person } from '../../mail/mail.ts';

/**
 * What the search index keeps of a message: small, because there may be many. All but the last two are searchText.
 * Size and preview are not in it: some mail has to be written out to know them.
 */
export interface SearchEntry {
  readonly subject: string;
  readonly from: string;
  /** To, Cc and Bcc. */
  readonly recipients: string;
  readonly cc: string;
  readonly bcc: string;
  readonly messageId: string | null;
  readonly hasAttachment: boolean;
}

export function searchEntry(envelope: Envelope): SearchEntry {
  const to = people(envelope.to);
  const cc = people(envelope.cc);
  const bcc = people(envelope.bcc);
  return {
    subject: searchText(envelope.subject),
    from: envelope.from ? people([envelope.from]) : '',
    recipients: cc || bcc ? [to, cc, bcc].filter(Boolean).join('\n') : to,
    cc,
    bcc,
    messageId: envelope.messageId,
    hasAttachment: envelope.hasAttachment,
  };
}

/** Words in lower case between single spaces, with one at each end: Gmail finds whole words, not parts of them. */
export function searchText(text: string): string {
  // The plain case is worth its own line: a large mailbox is made of it.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII, control characters and all
  if (/^[\x00-\x7f]*$/.test(text)) return padded(text.toLowerCase().replace(/[^a-z0-9_]+/g, ' '));
  return padded(
    (
      text
        .normalize('NFKC')
        .toLowerCase()
        .match(/[\p{L}\p{N}\p{M}_]+/gu) ?? []
    ).join(' '),
  );
}

/** Whether the words stand there, in that order. Scripts that put no spaces between words match anywhere. */
export function contains(text: string, words: string): boolean {
  if (words === '') return true;
  return text.includes(/[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/.test(words) ? words.trim() : words);
}

/** One line a person, so that no phrase reaches from one to the next. */
function people(list: readonly Person[]): string {
  return list.map(({ name, address }) => searchText(`${name} ${address}`)).join('\n');
}

function padded(words: string): string {
  const trimmed = words.trim();
  return trimmed === '' ? '' : ` ${trimmed} `;
}
