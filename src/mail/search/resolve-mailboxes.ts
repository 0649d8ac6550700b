import type { Mailbox } from '../../domain/mailbox.ts';
import { EVERYTHING, NOTHING, simplify } from '../../domain/search/algebra.ts';
import type { Condition, UserCondition } from '../../domain/search/condition.ts';
import { folded } from '../../domain/search/words.ts';

/** What is known of one account when its query is made. */
export interface Resolution {
  readonly mailboxes: readonly Mailbox[];
  /** The account's own id of a mailbox that a global id names; null when that is another account's. */
  readonly ownId: (globalId: string) => string | null;
}

/** Whether the account's mailboxes must be listed before it can be asked. */
export function needsMailboxes(condition: UserCondition): boolean {
  if (condition.kind === 'and' || condition.kind === 'or') return condition.of.some(needsMailboxes);
  if (condition.kind === 'not') return needsMailboxes(condition.of);
  return condition.kind === 'role' || condition.kind === 'mailboxName';
}

/** The names of mailboxes that a condition mentions. */
export function mailboxNames(condition: UserCondition): string[] {
  if (condition.kind === 'and' || condition.kind === 'or') return condition.of.flatMap(mailboxNames);
  if (condition.kind === 'not') return mailboxNames(condition.of);
  return condition.kind === 'mailboxName' ? [condition.name] : [];
}

/** The user's condition in the account's own ids, simplified. What the account does not have matches nothing there. */
export const resolveMailboxes = (condition: UserCondition, account: Resolution): Condition =>
  simplify(resolve(condition, account));

function resolve(condition: UserCondition, account: Resolution): Condition {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return { kind: condition.kind, of: condition.of.map((part) => resolve(part, account)) };
    case 'not':
      return { kind: 'not', of: resolve(condition.of, account) };
    case 'mailbox': {
      const id = account.ownId(condition.id);
      return id === null ? NOTHING : { kind: 'mailbox', id };
    }
    case 'role': {
      const id = account.mailboxes.find(({ role }) => role === condition.role)?.id;
      if (id !== undefined) return { kind: 'mailbox', id };
      // Two roles are a property of the message where no mailbox has them.
      if (condition.role === 'STARRED') return { kind: 'starred', value: true };
      return condition.role === 'ALL' ? EVERYTHING : NOTHING;
    }
    case 'mailboxName': {
      const own = account.ownId(condition.name);
      const ids = own === null ? idsByName(account.mailboxes, condition.name) : [own];
      return { kind: 'or', of: ids.map((id) => ({ kind: 'mailbox', id })) };
    }
    default:
      return condition;
  }
}

/** Mailboxes with this name, or with this path ("Projects/Garden"). Several can share a name. */
export function idsByName(mailboxes: readonly Mailbox[], name: string): string[] {
  const wanted = folded(name);
  const byId = new Map(mailboxes.map((mailbox) => [mailbox.id, mailbox]));
  const path = (mailbox: Mailbox, depth = 0): string => {
    const parent = mailbox.parentId !== null && depth < 50 ? byId.get(mailbox.parentId) : undefined;
    return parent ? `${path(parent, depth + 1)}/${mailbox.name}` : mailbox.name;
  };
  return mailboxes.filter((m) => folded(m.name) === wanted || folded(path(m)) === wanted).map(({ id }) => id);
}
