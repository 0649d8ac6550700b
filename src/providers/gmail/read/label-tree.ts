import type { gmail_v1 } from 'googleapis/build/src/apis/gmail/index.js';
import { MailError } from '../../../domain/error.ts';
import { isOneLine } from '../../../domain/one-line.ts';
import type { MailboxPatch } from '../../contract/mail-session.ts';
import { systemName, toMailboxes } from './labels.ts';

interface NamedLabel extends gmail_v1.Schema$Label {
  readonly id: string;
  readonly name: string;
}

/** Gmail's limit for a whole name, in characters. */
const MAX_NAME_LENGTH = 225;
/** Names that Gmail refuses for users' labels, in any case. It refuses them in other languages too. */
const RESERVED_NAMES: ReadonlySet<string> = new Set(
  'inbox,sent,draft,drafts,trash,bin,spam,starred,important,unread,chat,chats,all mail,scheduled,snoozed,muted'.split(
    ',',
  ),
);

/** The labels of one account as a tree. Their names define it. */
export class LabelTree {
  private readonly own: readonly NamedLabel[];
  private readonly positions: ReadonlyMap<string, { name: string; parentId: string | null }>;

  constructor(labels: readonly gmail_v1.Schema$Label[]) {
    this.own = labels.filter((label): label is NamedLabel =>
      Boolean(label.id && label.name && label.type !== 'system'),
    );
    this.positions = new Map(toMailboxes(labels).map((mailbox) => [mailbox.id, mailbox]));
  }

  /** Throws NOT_FOUND. */
  find(id: string, field?: string): NamedLabel {
    const label = this.own.find((candidate) => candidate.id === id);
    if (label) return label;
    throw new MailError('NOT_FOUND', 'There is no such mailbox.', field === undefined ? {} : { field: [field] });
  }

  /** The labels below this one, the deepest first. */
  below(label: NamedLabel): NamedLabel[] {
    return this.own
      .filter(({ name }) => name.startsWith(`${label.name}/`))
      .sort((a, b) => b.name.split('/').length - a.name.split('/').length);
  }

  /** The whole name of the label after the patch. Throws an error that names the invalid field. */
  nameFor(label: NamedLabel | null, patch: MailboxPatch): string {
    const current = label && this.positions.get(label.id);
    const leaf = patch.name?.trim() ?? current?.name ?? '';
    if (leaf === '' || leaf.split('/').some((piece) => piece.trim() === '')) {
      throw bad('A label needs a name, with something on either side of each slash.');
    }
    if (!isOneLine(leaf)) throw bad('A name is one line without control characters.');
    const parentId = patch.parentId === undefined ? (current?.parentId ?? null) : patch.parentId;
    const name = parentId === null ? leaf : `${this.parent(parentId, label).name}/${leaf}`;
    if (name.length > MAX_NAME_LENGTH)
      throw bad(`Gmail takes at most ${MAX_NAME_LENGTH} characters for a label with the names of its parents.`);
    this.requireFree(name, label);
    return name;
  }

  /** The new names of the labels below this one when it is renamed, the deepest first. */
  renames(label: NamedLabel, name: string): { id: string; name: string }[] {
    const renamed = this.below(label).map((child) => ({
      id: child.id,
      name: name + child.name.slice(label.name.length),
    }));
    for (const child of renamed) {
      if (child.name.length > MAX_NAME_LENGTH)
        throw bad(`Gmail takes at most ${MAX_NAME_LENGTH} characters, and ${child.name} has more.`);
      this.requireFree(child.name, child);
    }
    return renamed;
  }

  private parent(id: string, label: NamedLabel | null): NamedLabel {
    const system = systemName(id);
    if (system !== undefined) {
      throw new MailError('UNSUPPORTED', `Gmail allows labels inside labels of your own only, not inside ${system}.`, {
        field: ['parentId'],
      });
    }
    const parent = this.find(id, 'parentId');
    if (label && (parent.id === label.id || parent.name.startsWith(`${label.name}/`))) {
      throw new MailError('INVALID', 'A label cannot be inside itself or inside one of its own labels.', {
        field: ['parentId'],
      });
    }
    return parent;
  }

  private requireFree(name: string, self: { readonly id: string } | null): void {
    const same = (other: string) => other.toLowerCase() === name.toLowerCase();
    if (RESERVED_NAMES.has(name.toLowerCase())) {
      throw new MailError('CONFLICT', `Gmail reserves the name "${name}".`, { field: ['name'] });
    }
    if (this.own.some((other) => other.id !== self?.id && same(other.name))) {
      throw new MailError('CONFLICT', `There is a label "${name}" already.`, { field: ['name'] });
    }
  }
}

const bad = (message: string): MailError => new MailError('BAD_USER_INPUT', message, { field: ['name'] });
