import type { Condition } from '../domain/search/condition.ts';
import type { ListQuery } from '../providers/contract/list.ts';
import type { Flag, Touched } from './message-state.ts';

/** The properties of messages that decide which of them a list has. */
export interface ListScope {
  readonly flags: ReadonlySet<Flag>;
  /** Null where the list names a mailbox by another id than messages do. Then every mailbox counts. */
  readonly mailboxIds: ReadonlySet<string> | null;
}

/** What is known about the mailboxes of an account. */
export interface KnownMailboxes {
  /** The id that messages carry for a mailbox that a list names. Null where it is not known. */
  idOf(listedId: string): string | null;
  /** The ids of trash and junk, which most lists leave out. Null where they are not known. */
  readonly hidden: ReadonlySet<string> | null;
}

const FLAG_OF = { read: 'isRead', starred: 'isStarred', important: 'isImportant' } as const;

/** The properties on which the answer to a query can depend. A part of a condition that never changes, such as a word, is none. */
export function scopeOf({ mailboxId, where }: ListQuery, mailboxes: KnownMailboxes): ListScope {
  const flags = new Set<Flag>();
  const named = new Set<string>(mailboxId === null ? [] : [mailboxId]);
  const visit = (condition: Condition): void => {
    if (condition.kind === 'and' || condition.kind === 'or') condition.of.forEach(visit);
    else if (condition.kind === 'not') visit(condition.of);
    else if (condition.kind === 'mailbox') named.add(condition.id);
    else if (condition.kind === 'read' || condition.kind === 'starred' || condition.kind === 'important')
      flags.add(FLAG_OF[condition.kind]);
  };
  if (where) visit(where);
  const ids = [...named].map((id) => mailboxes.idOf(id));
  const { hidden } = mailboxes;
  const areKnown = hidden !== null && ids.every((id) => id !== null);
  return { flags, mailboxIds: areKnown ? new Set([...ids.flatMap((id) => id ?? []), ...hidden]) : null };
}

/** Whether an update may have changed which messages a list has. */
export function concerns({ flags, mailboxIds }: ListScope, touched: Touched): boolean {
  // A draft that is sent with its id kept enters lists that leave drafts out, whatever their condition is.
  if (touched.flags.has('isDraft')) return true;
  for (const flag of touched.flags) if (flags.has(flag)) return true;
  if (touched.mailboxIds === null) return true;
  if (mailboxIds === null) return touched.mailboxIds.size > 0;
  for (const id of touched.mailboxIds) if (mailboxIds.has(id)) return true;
  return false;
}
