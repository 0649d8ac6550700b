/** Roles of RFC 6154 and JMAP. Mailboxes are found by role, never by display name, which is localised. */
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

/** FOLDER: a message is in exactly one. LABEL: a message can have several. */
export type MailboxKind = 'FOLDER' | 'LABEL';

/** A folder or a label of one account. Ids are the provider's own. */
export interface Mailbox {
  readonly id: string;
  readonly name: string;
  readonly kind: MailboxKind;
  readonly role: MailboxRole | null;
  readonly parentId: string | null;
  /** A CSS hex colour (#rrggbb). Null: the provider has none. */
  readonly color: string | null;
  /** Null: the provider does not report it. */
  readonly totalMessages: number | null;
  readonly unreadMessages: number | null;
}

const MAX_DEPTH = 100;

/** The role of a mailbox. A folder inside trash or junk has the role of that mailbox, because a deleted folder is in the trash with its content. */
export function effectiveRole(mailbox: Mailbox, byId: ReadonlyMap<string, Mailbox>): MailboxRole | null {
  let at: Mailbox | undefined = mailbox;
  for (let depth = 0; at?.kind === 'FOLDER' && depth < MAX_DEPTH; depth++) {
    if (at.role === 'TRASH' || at.role === 'JUNK') return at.role;
    at = at.parentId === null ? undefined : byId.get(at.parentId);
  }
  return mailbox.role;
}
