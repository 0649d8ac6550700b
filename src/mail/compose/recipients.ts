import type { Address } from '../../domain/address.ts';
import type { Message } from '../../domain/message.ts';
import { toOneLine } from '../../domain/one-line.ts';
import { isAddress } from './header-text.ts';

interface Recipients {
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
}

/**
 * The recipients of a reply. Reply-To has priority over From. A reply to one's own message is addressed to the recipients
 * of that message. `all` adds all other recipients as Cc. The user's own addresses are omitted unless no other recipient
 * remains.
 */
export function replyRecipients(original: Message, own: readonly string[], all: boolean): Recipients {
  const mine = new Set(own.map(mailboxKey));
  const isMine = ({ address }: Address): boolean => mine.has(mailboxKey(address));
  const fromMe = original.from !== null && isMine(original.from);
  const { from } = original;
  const answered = fromMe ? original.to : original.replyTo.some(reachable) ? original.replyTo : from ? [from] : [];
  const copied = !all ? [] : fromMe ? original.cc : [...original.to, ...original.cc];
  const to = unique(answered);
  const others = to.filter((one) => !isMine(one));
  const taken = new Set(others.map(({ address }) => key(address)));
  const cc = unique(copied).filter((one) => !isMine(one) && !taken.has(key(one.address)));
  if (others.length > 0) return { to: others, cc };
  return cc.length > 0 ? { to: cc, cc: [] } : { to, cc: [] };
}

/**
 * The common form of all addresses of one mailbox: without the tag (RFC 5233), and at Gmail without dots. It only serves to
 * recognise the user's own addresses; other people's addresses are used as they are.
 */
export function mailboxKey(address: string): string {
  const at = address.lastIndexOf('@');
  const [tagged, domain] = [key(address.slice(0, at)), key(address.slice(at + 1))];
  if (at <= 0 || tagged.startsWith('"')) return key(address);
  const local = tagged.replace(/(?<=.)\+.*$/s, '');
  return GMAIL.has(domain) ? `${local.replaceAll('.', '')}@gmail.com` : `${local}@${domain}`;
}
const GMAIL: ReadonlySet<string> = new Set(['gmail.com', 'googlemail.com']);

const key = (address: string): string => address.trim().toLowerCase();

/** Real headers contain text that is not an address, and such a recipient cannot be replied to. */
const reachable = ({ address }: Address): boolean => isAddress(address.trim());

function unique(addresses: readonly Address[]): Address[] {
  const seen = new Map<string, Address>();
  for (const one of addresses) {
    if (reachable(one) && !seen.has(key(one.address)))
      seen.set(key(one.address), { name: toOneLine(one.name ?? '') || null, address: one.address.trim() });
  }
  return [...seen.values()];
}
