import { effectiveRole, type Mailbox, type MailboxRole } from '../../domain/mailbox.ts';
import { NOTHING, replaced, simplify, worded } from '../../domain/search/algebra.ts';
import type { Condition, UserCondition } from '../../domain/search/condition.ts';
import { folded } from '../../domain/search/words.ts';

/** What is known of one account when its query is made. */
interface Resolution {
  readonly mailboxes: readonly Mailbox[];
  /** The account's own id of a mailbox that a global id names; null when that is another account's. */
  readonly ownId: (globalId: string) => string | null;
}

/** Roles that are a property of the message, whether or not a mailbox has them too. */
const FLAGS: Partial<Record<MailboxRole, Condition>> = {
  STARRED: { kind: 'starred', value: true },
  IMPORTANT: { kind: 'important', value: true },
};
/** What lies outside of these is archived, where the inbox is a label that archiving takes off. */
const NOT_ARCHIVED: readonly MailboxRole[] = ['INBOX', 'SENT', 'DRAFTS', 'TRASH', 'JUNK'];

/** Whether a role means a mailbox and what lies in it, in every account that has one with that role. */
export const isPlace = (role: MailboxRole): boolean => role !== 'ALL' && FLAGS[role] === undefined;

/** Whether the account's mailboxes must be listed before it can be asked. */
export function needsMailboxes(condition: UserCondition): boolean {
  if (condition.kind === 'and' || condition.kind === 'or') return condition.of.some(needsMailboxes);
  if (condition.kind === 'not') return needsMailboxes(condition.of);
  return condition.kind === 'mailboxName' || (condition.kind === 'role' && FLAGS[condition.role] === undefined);
}

/** The names of mailboxes that a condition mentions. */
export function mailboxNames(condition: UserCondition): string[] {
  if (condition.kind === 'and' || condition.kind === 'or') return condition.of.flatMap(mailboxNames);
  if (condition.kind === 'not') return mailboxNames(condition.of);
  return condition.kind === 'mailboxName' ? [condition.name] : [];
}

/** The user's condition in the account's own ids, simplified. What the account does not have matches nothing there. */
export const resolveMailboxes = (condition: UserCondition, account: Resolution): Condition =>
  simplify(
    replaced(condition, (one) => {
      switch (one.kind) {
        case 'mailbox': {
          const id = account.ownId(one.id);
          return id === null ? NOTHING : { kind: 'mailbox', id };
        }
        case 'role':
          return FLAGS[one.role] ?? placeOf(one.role, account.mailboxes);
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

function placeOf(role: MailboxRole, mailboxes: readonly Mailbox[]): Condition {
  const byId = new Map(mailboxes.map((mailbox) => [mailbox.id, mailbox]));
  const playing = (wanted: MailboxRole) => mailboxes.filter((mailbox) => effectiveRole(mailbox, byId) === wanted);
  const outside = (roles: readonly MailboxRole[]): Condition => ({
    kind: 'and',
    of: roles.flatMap((one) =>
      playing(one).map(({ id }): Condition => ({ kind: 'not', of: { kind: 'mailbox', id, named: false } })),
    ),
  });
  if (role === 'ALL') return outside(['TRASH', 'JUNK']);
  const places = playing(role);
  if (places.length > 0) return { kind: 'or', of: places.map(({ id }) => ({ kind: 'mailbox', id })) };
  return role === 'ARCHIVE' && playing('INBOX').some(({ kind }) => kind === 'LABEL') ? outside(NOT_ARCHIVED) : NOTHING;
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
