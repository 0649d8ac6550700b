import type { MailboxRole } from '../mailbox.ts';

/**
 * The condition of a list. The search syntax and MessageFilter are both parsed into this tree, every provider compiles it, and
 * `matches` evaluates it. A value is a phrase: its words (words.ts) must occur whole, side by side and in this order.
 */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  /**
   * from (From or Sender) and to (To, Cc or Bcc) match a phrase in one name or in one address; a value that is an address matches
   * the whole address. text matches a phrase in the subject, one of these names or addresses, the body as text, or the name of an
   * attachment.
   */
  | { readonly kind: 'from' | 'to' | 'subject' | 'text'; readonly value: string }
  /**
   * A mailbox of this account by the provider's id. Roles and names are resolved before. `named: false`: the user did not name it
   * (ALL, or a role that is the absence of others), so it does not include trash and junk.
   */
  | { readonly kind: 'mailbox'; readonly id: string; readonly named?: false }
  | { readonly kind: 'read' | 'starred' | 'important' | 'hasAttachment'; readonly value: boolean }
  /** receivedAfter is inclusive, receivedBefore exclusive. */
  | { readonly kind: 'receivedAfter' | 'receivedBefore'; readonly at: Date }
  /** The Message-ID header, without angle brackets. It is compared without case. */
  | { readonly kind: 'internetMessageId'; readonly value: string }
  /** Matches nothing: the condition for a mailbox of another account. */
  | { readonly kind: 'nothing' };

/** The condition that a user writes. It may also name a mailbox by role or by name, which `mail` resolves for each account. */
export type UserCondition =
  | Exclude<Condition, { kind: 'and' | 'or' | 'not' }>
  | { readonly kind: 'and' | 'or'; readonly of: readonly UserCondition[] }
  | { readonly kind: 'not'; readonly of: UserCondition }
  | { readonly kind: 'role'; readonly role: MailboxRole }
  | { readonly kind: 'mailboxName'; readonly name: string };
