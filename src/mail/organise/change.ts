import type { Address } from '../../domain/address.ts';
import type { MailboxRole } from '../../domain/mailbox.ts';
import type { Message } from '../../domain/message.ts';
import type { Call } from '../../providers/contract/call.ts';
import type { Batch } from '../../providers/contract/list.ts';
import type { MailSession, Patch } from '../../providers/contract/mail-session.ts';
import type { MailAccount } from '../account/mail-account.ts';
import { mailboxKey } from '../compose/recipients.ts';

/** The mailboxes of a message, which decide whether a change applies to it. */
export interface MessageLocation {
  readonly roles: ReadonlySet<MailboxRole>;
  /** The roles of its folders. A message is in one folder only. */
  readonly folders: ReadonlySet<MailboxRole>;
  readonly mailboxIds: readonly string[];
}

/** A message that was read before the change, with its mailboxes. */
export interface LocatedMessage {
  readonly message: Message;
  readonly at: MessageLocation;
}

/** The context in which a rule decides about a message. */
interface RuleContext {
  readonly account: MailAccount;
  readonly message: Message;
  readonly roleOf: (mailboxId: string) => MailboxRole | null;
}

/** A change to any number of messages, in any accounts. */
export interface MessageChange {
  /**
   * Makes the change, and returns a result for each id: null when the message no longer exists. `read` has the messages
   * that were read for a rule.
   */
  apply(
    account: MailAccount,
    ids: readonly string[],
    session: MailSession,
    call: Call,
    read: ReadonlyMap<string, LocatedMessage>,
  ): Promise<Batch<Message | null>>;
  /**
   * Which messages of a thread the change applies to: archiving a thread leaves its sent messages where they are. Absent:
   * all of them.
   */
  readonly inThread?: (at: MessageLocation, of: RuleContext) => boolean;
  /**
   * Which messages the change applies to at all, also when they are named individually: `untrash` moves no message that is
   * not in the trash. The messages are read first.
   */
  readonly only?: (at: MessageLocation) => boolean;
}

/** A change that is a patch. `patch` throws MailError when the account does not support it. */
export const patching = (
  patch: (account: MailAccount, read: LocatedMessage | undefined) => Omit<Patch, 'id'>,
  rules: Omit<MessageChange, 'apply'> = {},
): MessageChange => ({
  ...rules,
  async apply(account, ids, session, call, read) {
    return session.update(
      ids.map((id) => ({ id, ...patch(account, read.get(id)) })),
      call,
    );
  },
});

const has =
  (...roles: readonly MailboxRole[]) =>
  (at: MessageLocation) =>
    roles.some((role) => at.roles.has(role));
const notIn = (...roles: readonly MailboxRole[]) => {
  const among = has(...roles);
  return (at: MessageLocation) => !among(at);
};

/**
 * The mailbox to which a message returns from the trash or junk: drafts to the drafts, sent messages to the sent mail, and
 * all others to the inbox, including messages of the user to themselves.
 */
function homeRole(account: MailAccount, read: LocatedMessage | undefined): 'INBOX' | 'SENT' | 'DRAFTS' {
  if (!read) return 'INBOX';
  if (read.message.isDraft) return 'DRAFTS';
  return wasSent(account, read) ? 'SENT' : 'INBOX';
}

/** In an account with folders only the message itself shows this, because its previous folder is not known. */
function wasSent({ capabilities, integration }: MailAccount, { message, at }: LocatedMessage): boolean {
  const { from, sender, to, cc, isReceived } = message;
  const own = mailboxKey(integration.address);
  const isOwn = (one: Address | null): boolean => one !== null && mailboxKey(one.address) === own;
  const isToSelf = [...to, ...cc].some(isOwn);
  if (capabilities.mailboxesPerMessage === 'MANY') return at.roles.has('SENT') && !isToSelf;
  const isByOwner = isOwn(from) || isOwn(sender);
  if (isReceived === undefined) return isByOwner && !isToSelf;
  // The user may have sent it from an alias that is not known here. An imported message counts as received.
  return !isReceived && (isByOwner || !isToSelf);
}
const moveHome = (account: MailAccount, read: LocatedMessage | undefined) => ({ moveTo: homeRole(account, read) });

export const ARCHIVE = patching(() => ({ moveTo: 'ARCHIVE' }), { only: has('INBOX') });
export const TRASH = patching(() => ({ moveTo: 'TRASH' }));
export const UNTRASH = patching(moveHome, { only: has('TRASH') });
/** Messages that the user wrote are never junk, even when their thread is. */
export const MARK_JUNK = patching(() => ({ moveTo: 'JUNK' }), { inThread: notIn('SENT', 'DRAFTS', 'TRASH') });
export const NOT_JUNK = patching(moveHome, { only: has('JUNK') });

export const DELETE_FOREVER: MessageChange = {
  async apply(_account, ids, session, call) {
    const results = await session.deleteForever(ids, call);
    return results.map((result) => (result === true ? null : result));
  },
};

/**
 * Of a thread, only the messages in the mailbox `from` are moved. Without `from`, all messages are moved except those in
 * the sent, drafts, trash and junk mailboxes; sent messages are never moved to the inbox.
 */
export const moving = (
  patch: (account: MailAccount) => Omit<Patch, 'id'>,
  { from, to }: { from: string | null; to: string },
): MessageChange =>
  patching(patch, {
    inThread: (at, { account, message, roleOf }) => {
      if (from !== null) return at.mailboxIds.includes(from);
      if (at.folders.has('SENT') || has('DRAFTS', 'TRASH', 'JUNK')(at)) return false;
      return roleOf(to) !== 'INBOX' || homeRole(account, { message, at }) === 'INBOX';
    },
  });
