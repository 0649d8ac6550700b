import type { Address } from '../../domain/address.ts';
import type { MailboxRole } from '../../domain/mailbox.ts';
import type { Message } from '../../domain/message.ts';
import type { Call } from '../../providers/contract/call.ts';
import type { Batch } from '../../providers/contract/list.ts';
import type { MailSession, Patch } from '../../providers/contract/mail-session.ts';
import type { MailAccount } from '../account/mail-account.ts';
import { mailboxKey } from '../compose/recipients.ts';

/** Where a message lies, for deciding whether a change concerns it. */
export interface MessageLocation {
  readonly roles: ReadonlySet<MailboxRole>;
  /** Roles of those mailboxes that a message lies in alone. */
  readonly folders: ReadonlySet<MailboxRole>;
  readonly mailboxIds: readonly string[];
}

/** A message that was read before it is changed. */
export interface Read {
  readonly message: Message;
  readonly at: MessageLocation;
}

/** Of which message and account it is asked. */
interface Concern {
  readonly account: MailAccount;
  readonly message: Message;
  readonly roleOf: (mailboxId: string) => MailboxRole | null;
}

/** One change to many messages of any accounts. */
export interface MessageChange {
  /** Does it, and answers for each id. A slot is null where nothing of the message is left. `read`: those that a rule had read. */
  apply(
    account: MailAccount,
    ids: readonly string[],
    session: MailSession,
    call: Call,
    read: ReadonlyMap<string, Read>,
  ): Promise<Batch<Message | null>>;
  /**
   * Of a thread's messages, those that it is meant for: archiving a conversation leaves what was sent where it is.
   * Absent: all of them.
   */
  readonly inThread?: (at: MessageLocation, of: Concern) => boolean;
  /** Also of single messages, which must then be read first: taking out of the trash moves nothing that is not in it. */
  readonly only?: (at: MessageLocation) => boolean;
}

/** A change that is a patch. `patch` throws MailError where the account cannot do it. */
export const patching = (
  patch: (account: MailAccount, read: Read | undefined) => Omit<Patch, 'id'>,
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
 * Where a message belongs that is taken out of the trash or the junk: drafts among the drafts, what was sent among the sent
 * mail, and everything else, a note to oneself too, in the inbox.
 */
function home(account: MailAccount, read: Read | undefined): 'INBOX' | 'SENT' | 'DRAFTS' {
  if (!read) return 'INBOX';
  if (read.message.isDraft) return 'DRAFTS';
  return wasSent(account, read) ? 'SENT' : 'INBOX';
}

/** In a mailbox of folders the message itself has to tell: where it lay before is not known any more. */
function wasSent({ capabilities, integration }: MailAccount, { message, at }: Read): boolean {
  const { from, sender, to, cc, isReceived } = message;
  const own = mailboxKey(integration.address);
  const isOwn = (one: Address | null): boolean => one !== null && mailboxKey(one.address) === own;
  const isToSelf = [...to, ...cc].some(isOwn);
  if (capabilities.mailboxesPerMessage === 'MANY') return at.roles.has('SENT') && !isToSelf;
  const isByOwner = isOwn(from) || isOwn(sender);
  if (isReceived === undefined) return isByOwner && !isToSelf;
  // Its author may have written under an alias that is not known here; what was imported from elsewhere came to the owner.
  return !isReceived && (isByOwner || !isToSelf);
}
const takenHome = (account: MailAccount, read: Read | undefined) => ({ moveTo: home(account, read) });

export const ARCHIVE = patching(() => ({ moveTo: 'ARCHIVE' }), { only: has('INBOX') });
export const TRASH = patching(() => ({ moveTo: 'TRASH' }));
export const UNTRASH = patching(takenHome, { only: has('TRASH') });
/** What the user wrote is never junk, though it is in the same conversation. */
export const MARK_JUNK = patching(() => ({ moveTo: 'JUNK' }), { inThread: notIn('SENT', 'DRAFTS', 'TRASH') });
export const NOT_JUNK = patching(takenHome, { only: has('JUNK') });

export const DELETE_FOREVER: MessageChange = {
  async apply(_account, ids, session, call) {
    const results = await session.deleteForever(ids, call);
    return results.map((result) => (result === true ? null : result));
  },
};

/**
 * Of a conversation, what lies in the mailbox that it leaves; when none is named, all but what a folder of its own holds, and
 * into the inbox nothing that was sent.
 */
export const moving = (
  patch: (account: MailAccount) => Omit<Patch, 'id'>,
  { from, to }: { from: string | null; to: string },
): MessageChange =>
  patching(patch, {
    inThread: (at, { account, message, roleOf }) => {
      if (from !== null) return at.mailboxIds.includes(from);
      if (at.folders.has('SENT') || has('DRAFTS', 'TRASH', 'JUNK')(at)) return false;
      return roleOf(to) !== 'INBOX' || home(account, { message, at }) === 'INBOX';
    },
  });
