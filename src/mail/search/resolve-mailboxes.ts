import { effectiveRole, type Mailbox, type MailboxRole } from '../../domain/mailbox.ts';
import { NOTHING, replaced, simplify, worded } from '../../domain/search/algebra.ts';
import type { Condition, UserCondition } from '../../domain/search/condition.ts';
import { folded } from '../../domain/search/words.ts';

/** The account for which a query is compiled. */
interface Resolution {
  readonly mailboxes: readonly Mailbox[];
  /** The account's own id for a global id. Null for a mailbox of another account. */
  readonly ownId: (globalId: string) => string | null;
}

/** Roles that are flags of the message, whether or not a mailbox has the role too. */
const FLAGS: Partial<Record<MailboxRole, Condition>> = {
  STARRED: { kind: 'starred', value: true },
  IMPORTANT: { kind: 'important', value: true },
};
/** Where the inbox is a label, messages that are in none of these mailboxes are archived. */
const NOT_ARCHIVED: readonly MailboxRole[] = ['INBOX', 'SENT', 'DRAFTS', 'TRASH', 'JUNK'];

/** Whether the role means the content of a mailbox, in every account that has a mailbox with this role. */
export const isMailboxRole = (role: MailboxRole): boolean => role !== 'ALL' && FLAGS[role] === undefined;

/** Whether the account's mailboxes must be listed before the query can be compiled. */
export function needsMailboxes(condition: UserCondition): boolean {
  if (condition.kind === 'and' || condition.kind === 'or') return condition.of.some(needsMailboxes);
  if (condition.kind === 'not') return needsMailboxes(condition.of);
  return condition.kind === 'mailboxName' || (condition.kind === 'role' && FLAGS[condition.role] === undefined);
}

/** The mailbox names in a condition. */
export function mailboxNames(condition: UserCondition): string[] {
  if (condition.kind === 'and' || condition.kind === 'or') return condition.of.flatMap(mailboxNames);
  if (condition.kind === 'not') return mailboxNames(condition.of);
  return condition.kind === 'mailboxName' ? [condition.name] : [];
}

/** The user's condition with the account's own ids, simplified. A mailbox that the account does not have matches nothing. */
export const resolveMailboxes = (condition: UserCondition, account: Resolution): Condition =>
  simplify(
    replaced(condition, (one) => {
      switch (one.kind) {
        case 'mailbox': {
          const id = account.ownId(one.id);
          return id === null ? NOTHING : { kind: 'mailbox', id };
        }
        case 'role':
          return FLAGS[one.role] ?? roleCondition(one.role, account.mailboxes);
        case 'mailboxName': {
          const own = account.ownId(one.name);
          const ids = own === null ? idsByName(account.mailboxes, one.name) : [own];
          return { kind: 'or', of: ids.map((id) => ({ kind: 'mailbox', id })) };
        }
        default:
          return worded(one);
      }
    }),
  );

function roleCondition(role: MailboxRole, mailboxes: readonly Mailbox[]): Condition {
  const byId = new Map(mailboxes.map((mailbox) => [mailbox.id, mailbox]));
  const withRole = (wanted: MailboxRole) => mailboxes.filter((mailbox) => effectiveRole(mailbox, byId) === wanted);
  const outside = (roles: readonly MailboxRole[]): Condition => ({
    kind: 'and',
    of: roles.flatMap((one) =>
      withRole(one).map(({ id }): Condition => ({ kind: 'not', of: { kind: 'mailbox', id, named: false } })),
    ),
  });
  if (role === 'ALL') return outside(['TRASH', 'JUNK']);
  const found = withRole(role);
  if (found.length > 0) return { kind: 'or', of: found.map(({ id }) => ({ kind: 'mailbox', id })) };
  return role === 'ARCHIVE' && withRole('INBOX').some(({ kind }) => kind === 'LABEL') ? outside(NOT_ARCHIVED) : NOTHING;
}

/** The ids of mailboxes with this name or path ("Projects/Garden"). Several mailboxes can have the same name. */
export function idsByName(mailboxes: readonly Mailbox[], name: string): string[] {
  const wanted = folded(name);
  const byId = new Map(mailboxes.map((mailbox) => [mailbox.id, mailbox]));
  const path = (mailbox: Mailbox, depth = 0): string => {
    const parent = mailbox.parentId !== null && depth < 50 ? byId.get(mailbox.parentId) : undefined;
    return parent ? `${path(parent, depth + 1)}/${mailbox.name}` : mailbox.name;
  };
  return mailboxes.filter((m) => folded(m.name) === wanted || folded(path(m)) === wanted).map(({ id }) => id);
}
