/** RFC 6154 and JMAP roles. A mailbox is found by its role, never by its display name, which is localised. */
export const MAILBOX_ROLES = [
  'INBOX',
  'ARCHIVE',
  'DRAFTS',
  'SENT',
  'TRASH',
  'JUNK',
  'ALL',
  'IMPORTANT',
  'STARRED',
] as const;
export type MailboxRole = (typeof MAILBOX_ROLES)[number];

/** FOLDER: a message is in exactly one. LABEL: a message can carry many. */
export type MailboxKind = 'FOLDER' | 'LABEL';

/** A folder or a label inside one account. Ids are the provider's own. */
export interface Mailbox {
  readonly id: string;
  readonly name: string;
  readonly kind: MailboxKind;
  readonly role: MailboxRole | null;
  readonly parentId: string | null;
  /** CSS hex colour (#rrggbb), null where the provider has none. */
  readonly color: string | null;
  /** Null where the provider does not count. */
  readonly totalMessages: number | null;
  readonly unreadMessages: number | null;
}

const MAX_DEPTH = 100;

/**
 * The role of a mailbox; for a folder inside the trash or junk, the role of that mailbox. A deleted folder
 * is in the trash with everything in it.
 */
export function effectiveRole(mailbox: Mailbox, byId: ReadonlyMap<string, Mailbox>): MailboxRole | null {
  let at: Mailbox | undefined = mailbox;
  for (let depth = 0; at?.kind === 'FOLDER' && depth < MAX_DEPTH; depth++) {
    if (at.role === 'TRASH' || at.role === 'JUNK') return at.role;
    at = at.parentId === null ? undefined : byId.get(at.parentId);
  }
  return mailbox.role;
}
