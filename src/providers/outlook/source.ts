import type { Condition } from '../../domain/search/condition.ts';
import type { ListQuery } from '../provider.ts';
import { categoryName, segment } from './ids.ts';
import { normalForm } from './normal-form.ts';
import { type Compiled, compile } from './search.ts';

/** Where a list is read, and what Graph is asked to sort out. */
export interface Source {
  /** The collection's path. */
  readonly base: string;
  readonly compiled: Compiled;
  /** True: trash and junk are left out, but for those named. */
  readonly whole: boolean;
  /** Mailboxes that the condition asks for. */
  readonly named: ReadonlySet<string>;
}

export function sourceOf({ mailboxId, where }: ListQuery): Source {
  const normal = where === null ? EVERYTHING : normalForm(where);
  const terms = normal.kind === 'and' ? normal.of : [normal];
  // A category runs through all folders.
  const category: readonly Condition[] =
    mailboxId !== null && !isFolder(mailboxId) ? [{ kind: 'mailbox', id: mailboxId }] : [];
  const named = terms.filter((term) => term.kind === 'mailbox' && isFolder(term.id));
  const folder = mailboxId !== null && isFolder(mailboxId) ? { id: mailboxId, said: null } : inFolder(named);
  if (folder) {
    const others = [...category, ...terms.filter((term) => term !== folder.said)];
    const base = `/me/mailFolders/${segment(folder.id)}/messages`;
    return { base, compiled: compile({ kind: 'and', of: others }), whole: false, named: new Set() };
  }
  const compiled = compile({ kind: 'and', of: [...category, ...terms] });
  return { base: '/me/messages', compiled, whole: true, named: new Set(mailboxesIn(normal)) };
}

const EVERYTHING: Condition = { kind: 'and', of: [] };
const isFolder = (mailboxId: string): boolean => categoryName(mailboxId) === null;

/** A condition on one folder is the folder's own list, which a search can be narrowed to as well. */
function inFolder(named: readonly Condition[]): { id: string; said: Condition } | null {
  const [said] = named;
  return named.length === 1 && said?.kind === 'mailbox' ? { id: said.id, said } : null;
}

function mailboxesIn(where: Condition): string[] {
  if (where.kind === 'and' || where.kind === 'or') return where.of.flatMap(mailboxesIn);
  return where.kind === 'mailbox' ? [where.id] : [];
}
