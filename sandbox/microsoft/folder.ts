import { ItemList } from './item-list.ts';

export class Folder {
  readonly id: string;
  /** The name under which every mailbox has it; null for the user's own. */
  readonly wellKnown: string | null;
  readonly isHidden: boolean;
  displayName: string;
  /** Null for the root alone. */
  parent: Folder | null;
  readonly children: Folder[] = [];
  readonly items = new ItemList();
  unread = 0;
  /** What left this folder, for deltas. */
  readonly departures: Departure[] = [];
  createdAtChange = 0;
  lastChange = 0;

  constructor(given: {
    id: string;
    wellKnown: string | null;
    displayName: string;
    parent: Folder | null;
    isHidden?: boolean;
  }) {
    this.id = given.id;
    this.wellKnown = given.wellKnown;
    this.displayName = given.displayName;
    this.parent = given.parent;
    this.isHidden = given.isHidden ?? false;
    given.parent?.children.push(this);
  }

  /** This folder and everything under it. */
  *tree(): Generator<Folder> {
    yield this;
    for (const child of this.children) yield* child.tree();
  }

  /** Whether it lies in, or is, the given folder. */
  isWithin(other: Folder): boolean {
    for (let folder: Folder | null = this; folder; folder = folder.parent) if (folder === other) return true;
    return false;
  }
}

export interface Departure {
  readonly id: string;
  readonly immutableId: string;
  readonly change: number;
  /** The change by which it had come in: a delta from before that never told of it, and need not tell of its going. */
  readonly enteredAtChange: number;
}

/** The folders of every mailbox. */
export const DISTINGUISHED: readonly { name: string; displayName: string; isHidden?: boolean }[] = [
  { name: 'archive', displayName: 'Archive' },
  { name: 'conversationhistory', displayName: 'Conversation History' },
  { name: 'deleteditems', displayName: 'Deleted Items' },
  { name: 'drafts', displayName: 'Drafts' },
  { name: 'inbox', displayName: 'Inbox' },
  { name: 'junkemail', displayName: 'Junk Email' },
  { name: 'outbox', displayName: 'Outbox' },
  { name: 'sentitems', displayName: 'Sent Items' },
  { name: 'clutter', displayName: 'Clutter', isHidden: true },
  { name: 'syncissues', displayName: 'Sync Issues', isHidden: true },
];

/** Names that Graph knows and this mailbox has nothing for: not found, rather than malformed. */
export const EMPTY_NAMES: ReadonlySet<string> = new Set([
  'conflicts',
  'localfailures',
  'scheduled',
  'searchfolders',
  'serverfailures',
]);
