import { ChangeSpoil, type Spoil } from '../../change.spoil.ts';
import { type ChangeReporting, DEFAULT_SEARCH_INDEX, type SearchIndex } from '../../world.ts';
import { itemNotFound, malformedId } from '../wire/errors.ts';
import type { Content } from './content.ts';
import { ConversationIndex } from './conversation.index.ts';
import { type Conversation, Conversations } from './conversation.ts';
import { FolderTree } from './folder.tree.ts';
import { guid, immutableId, isWellFormed, movableId } from './ids.ts';
import type { Folder } from './item.ts';
import { Item } from './item.ts';
import { ItemList } from './item-list.ts';

export interface Change {
  readonly type: 'created' | 'updated' | 'deleted';
  readonly item: Item;
  /** The folder of the change. For a deletion and for the first half of a move it is the folder that the message left. */
  readonly folder: Folder;
  /** The id at that time. */
  readonly id: string;
  readonly isMove: boolean;
}

/** One account's folders and messages, with the order in which they changed. */
export class Mailbox {
  readonly account: string;
  readonly folders: FolderTree;
  readonly items = new ItemList<Item>();
  /** Identifies this run of the mailbox. Delta tokens of another run are unknown. */
  readonly generation = guid('generation', String(Math.random()), String(process.hrtime.bigint()));
  /** Delta tokens with a lower position have expired. */
  deltaFloor = 0;
  /** The position of the last change. */
  sequence = 0;
  searchLagMs = 0;
  searchIndex: SearchIndex = DEFAULT_SEARCH_INDEX;
  changeReporting: ChangeReporting = { readToggles: 'flag', updatedAfterCreated: false };
  readonly spoil = new ChangeSpoil();
  onChange: ((change: Change) => void) | null = null;
  readonly #now: () => Date;
  readonly #byId = new Map<string, Item>();
  readonly #byImmutableId = new Map<string, Item>();
  readonly #conversations: Conversations;
  #isReadingOlder = false;
  /** How far the replica that reads single messages is behind, and after which change. */
  #readLag = { ms: 0, since: 0 };
  readonly #byConversation = new ConversationIndex((item) => this.conversation(item).id);
  #serial = 0;

  constructor(account: string, now: () => Date) {
    this.account = account;
    this.#now = now;
    this.#conversations = new Conversations(account);
    this.folders = new FolderTree(account, () => ++this.sequence);
  }

  get root(): Folder {
    return this.folders.root;
  }

  /** The folder of soft-deleted items, which appears nowhere else. */
  get dumpster(): Folder {
    return this.folders.dumpster;
  }

  /** The order of arrival of the newest message. */
  get lastSerial(): number {
    return this.#serial;
  }

  /** Returns the current time in milliseconds. */
  time(): number {
    return this.#now().getTime();
  }

  /** Returns a folder by its id or well-known name. Throws Graph's errors. */
  folder(idOrName: string): Folder {
    return this.folders.get(idOrName);
  }

  /** Returns a message by either of its ids. Throws Graph's errors. */
  item(id: string): Item {
    const found = this.#byId.get(id) ?? this.#byImmutableId.get(id);
    if (found) return found;
    throw isWellFormed(id) ? itemNotFound() : malformedId();
  }

  /** The same, as the replica has it that reads single messages. */
  read(id: string): Item {
    const found = this.item(id);
    const { ms, since } = this.#readLag;
    const known = ms === 0 ? found : found.asOf({ time: this.time() - ms, change: since });
    if (!known) throw itemNotFound();
    return known;
  }

  /** Lets that replica be behind, with all that is there now. */
  lagReads(ms: number): void {
    this.#readLag = { ms, since: this.sequence };
    for (const item of this.items.all) item.before = [];
  }

  /** Returns a message by its immutable id. */
  find(immutableId: string): Item | null {
    return this.#byImmutableId.get(immutableId) ?? null;
  }

  has(item: Item): boolean {
    return this.#byImmutableId.get(item.immutableId) === item;
  }

  conversation(item: Item): Conversation {
    item.conversation ??= this.#conversationOf(item);
    return item.conversation;
  }

  /** Sets the state that the last run had. */
  putIntoConversation(item: Item, conversation: Conversation): void {
    item.conversation = conversation;
    this.#conversations.learn(item.content.envelope, item.key, conversation);
  }

  /** Newest first. */
  inConversation(id: string): readonly Item[] {
    return this.#byConversation.find(id, this.items);
  }

  /** Creates a message that is in no list yet. `add` or `fill` lists it. */
  newItem(key: string, folder: Folder, content: Content, receivedAt: Date): Item {
    const serial = ++this.#serial;
    let unique = key;
    let lasting = immutableId(this.account, unique);
    for (let again = 1; this.#byImmutableId.has(lasting); again++) {
      unique = `${key}#${again}`;
      lasting = immutableId(this.account, unique);
    }
    const id = movableId(this.account, unique, folder.id, 0);
    const item = new Item({ key: unique, immutableId: lasting, id, serial, folder, content, receivedAt });
    this.#byId.set(item.id, item);
    this.#byImmutableId.set(item.immutableId, item);
    return item;
  }

  /** Creates a message inside another one, which is in no folder and has no immutable id. */
  detachedItem(key: string, content: Content, receivedAt: Date): Item {
    const id = immutableId(this.account, key);
    return new Item({ key, immutableId: id, id, serial: 0, folder: this.dumpster, content, receivedAt });
  }

  /** Stores messages that were there from the start, without notifications. */
  fill(items: readonly Item[]): void {
    this.#byConversation.clear();
    this.items.addAll(items.filter((item) => item.folder !== this.dumpster));
    for (const folder of this.folders.all()) {
      const own = items.filter((item) => item.folder === folder);
      if (own.length === 0) continue;
      folder.items.addAll(own);
      folder.unread += own.reduce((count, item) => count + (item.isRead ? 0 : 1), 0);
    }
  }

  add(item: Item): Item {
    item.createdAtChange = ++this.sequence;
    item.searchableAt = this.#now().getTime() + this.searchLagMs;
    // Exchange sets it when it stores the item, whatever date the message has.
    item.modifiedAt = this.#now();
    item.addedAt = this.time();
    const spoilt = this.spoil.take();
    this.#enter(item, item.folder, spoilt);
    if (spoilt?.isNotified ?? true)
      this.#tell({ type: 'created', item, folder: item.folder, id: item.id, isMove: false });
    return item;
  }

  /** Applies a change. One of the read flag alone does not count as a modification (alcionai/corso#1866). */
  update(item: Item, change: () => void, readFlagOnly = false): void {
    const wasRead = item.isRead;
    if (this.#readLag.ms > 0) item.keep({ time: this.time(), change: this.sequence + 1 });
    this.#unlist(item);
    change();
    item.version++;
    const spoilt = this.spoil.take();
    const { lastChange, contentChange } = item;
    item.lastChange = ++this.sequence;
    if (!readFlagOnly) {
      item.modifiedAt = this.#now();
      item.contentChange = item.lastChange;
      item.conversation = null;
    }
    if (spoilt?.as === 'omitted') Object.assign(item, { lastChange, contentChange });
    if (spoilt?.as === 'malformed') item.malformedChange = item.lastChange;
    this.#list(item);
    if (wasRead !== item.isRead) item.folder.unread += item.isRead ? -1 : 1;
    if (spoilt?.isNotified ?? true)
      this.#tell({ type: 'updated', item, folder: item.folder, id: item.id, isMove: false });
  }

  move(item: Item, to: Folder): void {
    const from = item.folder;
    const oldId = item.id;
    if (this.#readLag.ms > 0) item.keep({ time: this.time(), change: this.sequence + 1 });
    const spoilt = this.spoil.take();
    this.#leave(item, spoilt);
    item.moves++;
    item.id = movableId(this.account, item.key, to.id, item.moves);
    item.version++;
    item.modifiedAt = this.#now();
    this.#byId.delete(oldId);
    this.#byId.set(item.id, item);
    this.#enter(item, to, spoilt);
    if (!(spoilt?.isNotified ?? true)) return;
    this.#tell({ type: 'deleted', item, folder: from, id: oldId, isMove: to !== this.dumpster });
    if (to !== this.dumpster) this.#tell({ type: 'created', item, folder: to, id: item.id, isMove: true });
  }

  /** Deletes a message permanently. */
  purge(item: Item): void {
    const { folder, id } = item;
    const spoilt = this.spoil.take();
    this.#leave(item, spoilt);
    this.#byId.delete(item.id);
    this.#byImmutableId.delete(item.immutableId);
    if (spoilt?.isNotified ?? true) this.#tell({ type: 'deleted', item, folder, id, isMove: false });
  }

  /** Deletes a folder permanently with all its content. */
  removeFolder(folder: Folder): void {
    for (const child of [...folder.children]) this.removeFolder(child);
    for (const item of [...folder.items.all]) this.purge(item);
    this.folders.remove(folder);
  }

  /** Restores an item as it was before the restart, without notifications. Without content it keeps that of the item with its id. */
  putBack(
    immutableId: string,
    given: { key: string; folder: Folder; content: Content | null; receivedAt: Date },
    change: (item: Item) => void,
  ): void {
    const content = given.content ?? this.find(immutableId)?.content;
    if (!content) return;
    this.takeOut(immutableId);
    const item = this.newItem(given.key, given.folder, content, given.receivedAt);
    change(item);
    this.#byId.delete(item.id);
    item.id = movableId(this.account, item.key, given.folder.id, item.moves);
    this.#byId.set(item.id, item);
    if (!item.isRead) item.folder.unread++;
    this.#list(item);
  }

  /** Removes an item that was deleted before the restart, without notifications. */
  takeOut(immutableId: string): void {
    const item = this.find(immutableId);
    if (!item) return;
    this.#unlist(item);
    if (!item.isRead) item.folder.unread--;
    this.#byId.delete(item.id);
    this.#byImmutableId.delete(immutableId);
  }

  /** Learns the conversations of older mail, oldest first, so that a chain of replies is followed to its beginning. */
  #readOlder(item: Item): void {
    if (this.#isReadingOlder) return;
    this.#isReadingOlder = true;
    const all = this.items.all;
    for (let at = all.length - 1; at >= 0 && all[at] !== item; at--) this.conversation(all[at] as Item);
    this.#isReadingOlder = false;
  }

  #conversationOf(item: Item): Conversation {
    const { answers, isWrittenHere, key, receivedAt } = item;
    const { envelope } = item.content;
    if (this.#conversations.isOpen(envelope)) this.#readOlder(item);
    if (answers) return this.#conversations.after(this.conversation(answers.item), envelope, key, receivedAt);
    return isWrittenHere
      ? this.#conversations.begin(envelope, key, receivedAt)
      : this.#conversations.of(envelope, key, receivedAt);
  }

  #enter(item: Item, folder: Folder, spoilt: Spoil | null): void {
    item.folder = folder;
    item.lastChange = item.contentChange = item.enteredFolderAtChange = ++this.sequence;
    if (spoilt?.as === 'omitted') item.lastChange = item.contentChange = item.enteredFolderAtChange = 0;
    if (spoilt?.as === 'malformed') item.malformedChange = item.lastChange;
    if (!item.isRead) folder.unread++;
    this.#list(item);
  }

  #leave(item: Item, spoilt: Spoil | null): void {
    const { folder, id, immutableId, enteredFolderAtChange } = item;
    this.#unlist(item);
    if (!item.isRead) folder.unread--;
    const change = ++this.sequence;
    if (spoilt?.as === 'omitted') return;
    const isMalformed = spoilt?.as === 'malformed';
    folder.departures.push({ id, immutableId, change, enteredAtChange: enteredFolderAtChange, isMalformed });
  }

  #list(item: Item): void {
    item.folder.items.add(item);
    if (item.folder === this.dumpster) return;
    this.items.add(item);
    this.#byConversation.add(item);
  }

  #unlist(item: Item): void {
    item.folder.items.remove(item);
    if (item.folder === this.dumpster) return;
    this.items.remove(item);
    this.#byConversation.remove(item);
  }

  #tell(change: Change): void {
    if (change.folder !== this.dumpster) this.onChange?.(change);
  }
}
