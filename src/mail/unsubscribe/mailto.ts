import { toOneLine } from '../../domain/one-line.ts';
import { isAddress } from '../compose/header-text.ts';

/** The message that a mailto: URL describes. */
interface MailtoMessage {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

const MAX_SUBJECT_LENGTH = 500;
const MAX_TEXT_LENGTH = 2_000;

/**
 * Reads a mailto: URL (RFC 6068) of List-Unsubscribe: one recipient, a subject and a text. Other headers are ignored,
 * because the sender of the list chose them and the message is sent in the user's name. Null when it contains no address.
 */
export function readMailto(mailto: string): MailtoMessage | null {
  const [path = '', query = ''] = mailto.slice('mailto:'.length).split('?', 2);
  // URLSearchParams would decode a plus sign as a space.
  const fields = new Map(
    query.split('&').map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return [decoded(name).toLowerCase(), decoded(value.join('='))] as const;
    }),
  );
  const to = [...path.split(','), ...(fields.get('to') ?? '').split(',')]
    .map((part) => decoded(part).trim())
    .find(isAddress);
  if (to === undefined) return null;
  const subject = toOneLine(fields.get('subject') ?? '').slice(0, MAX_SUBJECT_LENGTH) || 'unsubscribe';
  return { to, subject, text: body(fields.get('body') ?? '').slice(0, MAX_TEXT_LENGTH) || 'unsubscribe' };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const body = (text: string): string => text.replace(/\r\n?/g, '\n').replaceAll('\0', '').trim();
