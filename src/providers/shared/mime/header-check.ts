import type { Address } from '../../../domain/address.ts';
import type { Compose } from '../../../domain/compose.ts';
import { MailError } from '../../../domain/error.ts';

/**
 * Throws BAD_USER_INPUT for values that would end a header and begin another (RFC 5322 2.2), or add a recipient that
 * nobody sees.
 */
export function refuseHeaderInjection(compose: Compose): void {
  const { from, subject, internetMessageId, inReplyTo, references, attachments } = compose;
  const people: readonly [field: string, people: readonly Address[]][] = [
    ['from', from === null ? [] : [from]],
    ['to', compose.to],
    ['cc', compose.cc],
    ['bcc', compose.bcc],
    ['replyTo', compose.replyTo],
  ];
  const values: readonly (readonly [field: string, values: readonly string[]])[] = [
    ['subject', [subject]],
    ['internetMessageId', [internetMessageId]],
    ['inReplyTo', inReplyTo],
    ['references', references],
    ['attachments', attachments.flatMap(({ filename, mimeType, contentId }) => [filename, mimeType, contentId ?? ''])],
    ...people.map(([field, list]) => [field, list.flatMap(({ name, address }) => [name ?? '', address])] as const),
  ];
  for (const [field, list] of values) if (list.some(endsHeader)) throw refusal(field, 'must not contain a line break');
  for (const [field, list] of people)
    if (list.some(({ address }) => /[<>]/.test(address))) throw refusal(field, 'contains an invalid address');
  if (/[<>\s]/.test(internetMessageId)) throw refusal('internetMessageId', 'is not a Message-ID');
}

// Not `isOneLine` of domain/one-line.ts, which also rejects what a header may contain, such as a tab or U+2028.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these characters end a line or a string
const endsHeader = (value: string): boolean => /[\r\n\x00]/.test(value);

const refusal = (field: string, what: string): MailError =>
  new MailError('BAD_USER_INPUT', `${field} ${what}.`, { field: [field] });
