import type { FollowupFlag, Importance, InferenceClassificationType } from '@microsoft/microsoft-graph-types';
import type { Content } from './content.ts';
import type { Conversation } from './conversation.ts';
import type { Folder } from './folder.ts';
import { changeKey } from './ids.ts';

/** A message in a mailbox. Only Mailbox changes it, so that deltas and subscriptions see every change. */
export class Item {
  readonly key: string;
  readonly immutableId: string;
  /** Order of arrival in the mailbox. */
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
  /** mfSubmitted: taken for sending, and not sent yet. */
  isSubmitted = false;
  /** PidTagReceivedByEmailAddress: whom the transport delivered it to; null of what was written in this mailbox. */
  receivedBy: string | null = null;
  /** Made as a message of its own by a client, rather than received. */
  isWrittenHere = false;
  flag: FollowupFlag = { flagStatus: 'notFlagged' };
  categories: string[] = [];
  importance: Importance = 'normal';
  inferenceClassification: InferenceClassificationType = 'focused';
  /** PidTagLastVerbExecuted: 102 replied, 103 replied to all, 104 forwarded. */
  lastVerb: number | null = null;
  /** Extended properties that clients set, by canonical id. */
  readonly extended = new Map<string, string>();
  /** A reply's or forward's original, whose conversation it is in, and whose last verb is set when this is sent. */
  answers: { readonly item: Item; readonly verb: number } | null = null;
  version = 1;
  /** Positions in the mailbox's change sequence. */
  createdAtChange = 0;
  enteredFolderAtChange = 0;
  /** The last change of anything but isRead. */
  contentChange = 0;
  lastChange = 0;
  /** When the search index will know it; a time in ms. */
  searchableAt = 0;
  conversation: Conversation | null = null;

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

  get changeKey(): string {
    return changeKey(this.immutableId, this.version);
  }

  get etag(): string {
    return `W/"${this.changeKey}"`;
  }
}

/** What a message is besides what it says and where it lies. */
export type ItemState = ReturnType<typeof stateOf>;

export function stateOf(item: Item) {
  const { isRead, isDraft, isSubmitted, isWrittenHere, receivedBy, flag, categories, importance } = item;
  const { inferenceClassification, lastVerb } = item;
  const is = { isRead, isDraft, isSubmitted, isWrittenHere };
  return { ...is, receivedBy, flag, categories, importance, inferenceClassification, lastVerb };
}
