import type { Address } from '../../domain/address.ts';
import type { ComposeOrigin } from '../../domain/compose.ts';
import type { Message } from '../../domain/message.ts';
import type { Identity } from '../../providers/contract/mail-session.ts';
import { filesByContentId } from '../../providers/shared/html/inline-files.ts';
import type { MailAccount } from '../account/mail-account.ts';
import { isContentId } from './filename.ts';
import { forwardQuote, type Quote, replyQuote } from './quote.ts';
import { mailboxKey, replyRecipients } from './recipients.ts';
import { forwardSubject, replySubject, type Threading, threadingBelow } from './reply-headers.ts';

/** The maximum number of files copied from an original. Each is a request, and Exchange sends no more in one message. */
export const MAX_FORWARDED_FILES = 250;

/** A message that is replied to or forwarded. */
export interface Original {
  readonly kind: ComposeOrigin['kind'];
  readonly account: MailAccount;
  /** It has its content. */
  readonly message: Message;
}

/** The values of absent fields, from the original or from the draft that is revised. */
export interface Defaults extends Threading {
  readonly from: Address | null;
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly bcc: readonly Address[];
  readonly replyTo: readonly Address[];
  readonly subject: string;
  readonly origin: ComposeOrigin | null;
}

/** `account` is where the new message is written. Only a message in the same account joins the provider's thread. */
export function defaultsFrom(original: Original, account: MailAccount, identities: readonly Identity[]): Defaults {
  const { kind, message } = original;
  const own = identities.map(({ address }) => address);
  const threading = threadingBelow(message);
  const here = original.account.id === account.id;
  const forward = kind === 'forward';
  return {
    from: here ? replyIdentity(message, identities) : null,
    ...(forward
      ? { to: [], cc: [] }
      : replyRecipients(message, [...own, account.integration.address], kind === 'replyAll')),
    bcc: [],
    replyTo: [],
    subject: (forward ? forwardSubject : replySubject)(message.subject.replace(/\s+/g, ' ')),
    // A forwarded message belongs to the thread, but replies to no message.
    inReplyTo: forward ? [] : threading.inReplyTo,
    references: threading.references,
    origin: here ? { kind, messageId: message.id, threadId: message.threadId } : null,
  };
}

/** A reply comes from the address that the original was sent to or from, so that a person who only knows an alias does not learn another address. */
export function replyIdentity({ from, to, cc }: Message, identities: readonly Identity[]): Address | null {
  const around = [from, ...to, ...cc].flatMap((one) => (one ? [one.address] : []));
  const among = (key: (address: string) => string): readonly Identity[] => {
    const keys = new Set(around.map(key));
    return identities.filter(({ address }) => keys.has(key(address)));
  };
  const exact = among((address) => address.trim().toLowerCase());
  const candidates = exact.length > 0 ? exact : among(mailboxKey);
  const chosen = candidates.find(({ isDefault }) => isDefault) ?? candidates[0];
  return chosen ? { name: chosen.name, address: chosen.address } : null;
}

/** The original as a quote, and the files that the quote shows: the Content-ID in the new message by attachment id. */
export function quoteOf(
  { kind, message }: Original,
  usedContentIds: ReadonlySet<string>,
): { quote: Quote; shown: Map<string, string> } {
  const shown = new Map<string, string>();
  const fileOf = filesByContentId(message.content?.attachments ?? []);
  const contentId = (named: string): string | null => {
    const attachment = fileOf(named);
    const id = attachment?.contentId ?? '';
    if (!attachment || (shown.size >= MAX_FORWARDED_FILES && !shown.has(attachment.id))) return null;
    const kept =
      isContentId(id) && !usedContentIds.has(id)
        ? id
        : `${attachment.id.replace(/[^\w.-]/g, '').slice(-40)}.${usedContentIds.size}@quoted`;
    shown.set(attachment.id, kept);
    return kept;
  };
  const quote = (kind === 'forward' ? forwardQuote : replyQuote)(message, contentId);
  return { quote, shown };
}
