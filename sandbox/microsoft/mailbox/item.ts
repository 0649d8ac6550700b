import type { FollowupFlag, Importance, InferenceClassificationType } from '@microsoft/microsoft-graph-types';
import type { Content } from './content.ts';
import type { Conversation } from './conversation.ts';
import { changeKey } from './ids.ts';
import { ItemList } from './item-list.ts';

/** What a replica knows: each change until this time, in milliseconds, and each one until this position. */
interface ReplicaState {
  readonly time: number;
  readonly change: number;
}

const isAfter = (one: ReplicaState, state: ReplicaState): boolean => one.time > state.time && one.change > state.change;

/** A message in a mailbox. Only Mailbox changes it, so that deltas and subscriptions see every change. */
export class Item {
  readonly key: string;
  readonly immutableId: string;
  /** The order of arrival in the mailbox. */
  readonly serial: number;
  readonly createdAt: Date;
  /** Changes on each move. */
  id: string;
  moves = 0;
  folder: Folder;
  content: Content;
  receivedAt: Date;
  modifiedAt: Date;
  isRead = false;
  isDraft = false;
  /** mfSubmitted: it has been accepted for sending and has not been sent yet. */
  isSubmitted = false;
  /** PidTagReceivedByEmailAddress: the address to which the transport delivered it. Null: it was written in this mailbox. */
  receivedBy: string | null = null;
  /** Whether a client created it as a new message, rather than the transport delivering it. */
  isWrittenHere = false;
  flag: FollowupFlag = { flagStatus: 'notFlagged' };
  categories: string[] = [];
  importance: Importance = 'normal';
  inferenceClassification: InferenceClassificationType = 'focused';
  /** PidTagLastVerbExecuted: 102 replied, 103 replied to all, 104 forwarded. */
  lastVerb: number | null = null;
  /** Extended properties that clients set, by canonical id. */
  readonly extended = new Map<string, string>();
  /** The original of a reply or forward, which shares its conversation. Its last verb is set when this message is sent. */
  answers: { readonly item: Item; readonly verb: number } | null = null;
  version = 1;
  /** Positions in the mailbox's change sequence. */
  createdAtChange = 0;
  enteredFolderAtChange = 0;
  /** The last change of anything but isRead. */
  contentChange = 0;
  lastChange = 0;
  /** The change of which a delta has an unreadable record. */
  malformedChange: number | null = null;
  /** When the search index will have it, in milliseconds. */
  searchableAt = 0;
  conversation: Conversation | null = null;
  /** When it was created, in milliseconds. 0: it was there from the start. */
  addedAt = 0;
  /** What it was before its latest changes, the oldest first, as long as a replica lags behind. */
  before: (ReplicaState & { readonly item: Item })[] = [];

  constructor(given: {
    key: string;
    immutableId: string;
    id: string;
    serial: number;
    folder: Folder;
    content: Content;
    receivedAt: Date;
  }) {
    this.key = given.key;
    this.immutableId = given.immutableId;
    this.id = given.id;
    this.serial = given.serial;
    this.folder = given.folder;
    this.content = given.content;
    this.receivedAt = given.receivedAt;
    this.createdAt = given.receivedAt;
    this.modifiedAt = given.receivedAt;
  }

  /** As a replica has it that is behind. Null: it does not know it. */
  asOf(state: ReplicaState): Item | null {
    if (isAfter({ time: this.addedAt, change: this.createdAtChange }, state)) return null;
    return this.before.find((one) => isAfter(one, state))?.item ?? this;
  }

  /** Keeps what it is, for a replica that does not know the change which follows. */
  keep(at: ReplicaState): void {
    const item = Object.assign(Object.create(Item.prototype) as Item, this, { categories: [...this.categories] });
    this.before = [...this.before, { ...at, item: Object.assign(item, { before: [] }) }];
  }

  get changeKey(): string {
    return changeKey(this.immutableId, this.version);
  }

  get etag(): string {
    return `W/"${this.changeKey}"`;
  }
}

/** A mail folder. */
export class Folder {
  readonly id: string;
  /** Its well-known name. Null for the user's own folders. */
  readonly wellKnown: string | null;
  readonly isHidden: boolean;
  displayName: string;
  /** The parent. Null only for the root. */
  parent: Folder | null;
  readonly children: Folder[] = [];
  readonly items = new ItemList<Item>();
  unread = 0;
  /** The messages that left this folder, for deltas. */
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

  /** Returns whether it is the given folder or lies in it. */
  isWithin(other: Folder): boolean {
    for (let folder: Folder | null = this; folder; folder = folder.parent) if (folder === other) return true;
    return false;
  }
}

interface Departure {
  readonly id: string;
  readonly immutableId: string;
  readonly change: number;
  /** The change by which it had come in: a delta from before that never reported it, and need not report its removal. */
  readonly enteredAtChange: number;
  readonly isMalformed: boolean;
}

/** What a message is besides what it says and where it lies. */
export type ItemState = ReturnType<typeof stateOf>;

export function stateOf(item: Item) {
  const { isRead, isDraft, isSubmitted, isWrittenHere, receivedBy, flag, categories, importance } = item;
  const { inferenceClassification, lastVerb } = item;
  const is = { isRead, isDraft, isSubmitted, isWrittenHere };
  return { ...is, receivedBy, flag, categories, importance, inferenceClassification, lastVerb };
}
