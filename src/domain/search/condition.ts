import type { MailboxRole } from '../mailbox.ts';

/**
 * What a list is narrowed to: the one tree that the search syntax and MessageFilter both become, that every provider compiles
 * and that `matches` decides. A value is a phrase: these words (words.ts), whole, side by side and in this order.
 */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  /**
   * from (From or Sender), to (To, Cc or Bcc): in one name or in one address; an address is meant as a whole. text: in the
   * subject, one of these names or addresses, the body as text, or the name of an attachment.
   */
  | { readonly kind: 'from' | 'to' | 'subject' | 'text'; readonly value: string }
  /**
   * A mailbox of this account by the provider's id; roles and names are resolved before a provider sees them. `named: false`:
   * the user did not name it, so that it brings nothing in of trash and junk (a role that is the absence of others, ALL).
   */
  | { readonly kind: 'mailbox'; readonly id: string; readonly named?: false }
  | { readonly kind: 'read' | 'starred' | 'important' | 'hasAttachment'; readonly value: boolean }
  /** receivedAfter is inclusive, receivedBefore exclusive. */
  | { readonly kind: 'receivedAfter' | 'receivedBefore'; readonly at: Date }
  /** The Message-ID header, without angle brackets; compared without case. */
  | { readonly kind: 'internetMessageId'; readonly value: string }
  /** Matches nothing: the condition for a mailbox of another account. */
  | { readonly kind: 'nothing' };

/** What a user writes may also name a mailbox by role or by name; `mail` resolves these per account. */
export type UserCondition =
  | Exclude<Condition, { kind: 'and' | 'or' | 'not' }>
  | { readonly kind: 'and' | 'or'; readonly of: readonly UserCondition[] }
  | { readonly kind: 'not'; readonly of: UserCondition }
  | { readonly kind: 'role'; readonly role: MailboxRole }
  | { readonly kind: 'mailboxName'; readonly name: string };
