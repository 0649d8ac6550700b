import { mailFromRaw } from '../../mail/received.ts';
import type { Piece } from '../../world.ts';
import type { Account, Category } from './accounts.ts';
import { type Content, ReceivedContent, type StoredAttachment } from './content.ts';
import type { Conversation } from './conversation.ts';
import { DraftContent, type DraftFields } from './draft.ts';
import type { Folder } from './item.ts';
import { type Item, type ItemState, stateOf } from './item.ts';
import type { Mailbox } from './mailbox.ts';

interface KeptFolder {
  readonly displayName: string;
  readonly parent: string;
}
interface KeptItem {
  readonly key: string;
  readonly serial: number;
  readonly folder: string;
  readonly moves: number;
  readonly version: number;
  readonly receivedAt: number;
  readonly modifiedAt: number;
  readonly state: ItemState;
  readonly extended: readonly (readonly [string, string])[];
  readonly answers: { readonly item: string; readonly verb: number } | null;
  /** What it was found to be in: what it answers may be deleted by now. */
  readonly conversation?: Conversation;
}
type KeptContent =
  | { readonly key: string; readonly base64: string }
  | { readonly draft: DraftFields; readonly files: readonly number[]; readonly nextNumber: number };
type KeptFile = Omit<StoredAttachment, 'bytes' | 'addedAt'> & { readonly addedAt: number; readonly base64: string };

const FOLDER = 'folder ';
const ITEM = 'item ';
/** The content is stored separately from its item, because it changes less often than the place of the item. */
const CONTENT = 'content ';
const FILE = 'file ';
const SETTINGS = 'settings';

export const stampOf = (account: Account): string => `${account.mailbox.sequence} ${settingsStamp(account)}`;

export function* piecesOf(account: Account): Generator<Piece> {
  const { mailbox, categories, settings } = account;
  yield { key: SETTINGS, stamp: settingsStamp(account), read: () => ({ categories, settings }) };
  for (const folder of mailbox.root.tree()) {
    const { id, displayName, parent, lastChange, wellKnown } = folder;
    if (wellKnown === null && parent !== null)
      yield {
        key: FOLDER + id,
        stamp: String(lastChange),
        read: (): KeptFolder => ({ displayName, parent: parent.id }),
      };
  }
  for (const item of [...mailbox.items.all, ...mailbox.dumpster.items.all]) yield* piecesOfItem(mailbox, item);
}

function* piecesOfItem(mailbox: Mailbox, item: Item): Generator<Piece> {
  const { immutableId: id, content } = item;
  yield {
    key: ITEM + id,
    stamp: `${item.lastChange} ${item.version}`,
    read: () => keptItem(item, mailbox.conversation(item)),
  };
  const isDraft = content instanceof DraftContent;
  yield { key: CONTENT + id, stamp: isDraft ? String(item.contentChange) : '', read: () => keptContent(content, item) };
  if (!isDraft) return;
  for (const file of content.attachments())
    yield { key: `${FILE}${id} ${file.number}`, stamp: '', read: () => keptFile(file) };
}

/** Delta tokens of an earlier run are unknown, so that a gateway synchronises again. */
export function restore(account: Account, pieces: ReadonlyMap<string, unknown>): void {
  const { mailbox } = account;
  const settings = pieces.get(SETTINGS) as { categories: Category[]; settings: Record<string, unknown> } | undefined;
  if (settings) {
    account.categories.splice(0, account.categories.length, ...settings.categories);
    account.settings = settings.settings;
  }
  const folders = piecesNamed<KeptFolder>(pieces, FOLDER);
  for (const [id] of folders) restoreFolder(mailbox, id, new Map(folders));
  const items = piecesNamed<KeptItem>(pieces, ITEM);
  for (const [id, kept] of items) if (kept === null) mailbox.takeOut(id);
  const present = items.filter((entry): entry is [string, KeptItem] => entry[1] !== null);
  for (const [id, kept] of present.toSorted(([, a], [, b]) => a.serial - b.serial))
    restoreItem(mailbox, id, kept, pieces);
  for (const [id, kept] of folders)
    if (kept === null && mailbox.folders.has(id)) mailbox.removeFolder(mailbox.folder(id));
}

function restoreFolder(mailbox: Mailbox, id: string, folders: ReadonlyMap<string, KeptFolder | null>): Folder | null {
  const kept = folders.get(id) ?? null;
  if (kept === null) return mailbox.folders.has(id) ? mailbox.folder(id) : null;
  const parent = restoreFolder(mailbox, kept.parent, folders) ?? mailbox.root;
  return mailbox.folders.putBack(id, kept.displayName, parent);
}

/** A changed item is not restored when the account's mail no longer contains it. */
function restoreItem(mailbox: Mailbox, id: string, kept: KeptItem, pieces: ReadonlyMap<string, unknown>): void {
  const folder = mailbox.folders.has(kept.folder) ? mailbox.folder(kept.folder) : mailbox.folder('inbox');
  const content = contentOf(id, kept, pieces);
  const receivedAt = new Date(kept.receivedAt);
  mailbox.putBack(id, { key: kept.key, folder, content, receivedAt }, (item) => {
    // A message whose sending was interrupted by a restart is a draft again.
    Object.assign(item, kept.state, { isSubmitted: false });
    Object.assign(item, {
      receivedAt,
      modifiedAt: new Date(kept.modifiedAt),
      version: kept.version,
      moves: kept.moves,
    });
    item.extended.clear();
    for (const [name, value] of kept.extended) item.extended.set(name, value);
    const original = kept.answers && mailbox.find(kept.answers.item);
    if (kept.answers && original) item.answers = { item: original, verb: kept.answers.verb };
    if (kept.conversation) mailbox.putIntoConversation(item, kept.conversation);
  });
}

function keptItem(item: Item, conversation: Conversation): KeptItem {
  const { key, serial, folder, moves, version, receivedAt, modifiedAt, answers } = item;
  return {
    key,
    serial,
    folder: folder.id,
    moves,
    version,
    receivedAt: receivedAt.getTime(),
    modifiedAt: modifiedAt.getTime(),
    state: stateOf(item),
    extended: [...item.extended],
    answers: answers && { item: answers.item.immutableId, verb: answers.verb },
    conversation,
  };
}

function keptContent(content: Content, item: Item): KeptContent {
  if (!(content instanceof DraftContent)) return { key: item.key, base64: content.raw().toString('base64') };
  const files = content.attachments().map(({ number }) => number);
  return { draft: content.fields(), files, nextNumber: content.nextNumber };
}

const keptFile = ({ bytes, addedAt, ...file }: StoredAttachment): KeptFile => ({
  ...file,
  addedAt: addedAt.getTime(),
  base64: bytes().toString('base64'),
});

/** Returns null when it equals what the account was filled with. */
function contentOf(id: string, item: KeptItem, pieces: ReadonlyMap<string, unknown>): Content | null {
  const kept = pieces.get(CONTENT + id) as KeptContent | null | undefined;
  if (!kept) return null;
  if ('base64' in kept) {
    const { key, base64 } = kept;
    return new ReceivedContent(
      mailFromRaw(Buffer.from(base64, 'base64'), { key, receivedAt: new Date(item.receivedAt) }),
    );
  }
  const files = kept.files.flatMap((number) => (pieces.get(`${FILE}${id} ${number}`) as KeptFile | undefined) ?? []);
  return DraftContent.of(
    kept.draft,
    files.map(({ base64, addedAt, ...file }) => {
      const bytes = Buffer.from(base64, 'base64');
      return { ...file, addedAt: new Date(addedAt), bytes: () => bytes };
    }),
    kept.nextNumber,
  );
}

const piecesNamed = <T>(pieces: ReadonlyMap<string, unknown>, prefix: string): [string, T | null][] =>
  [...pieces].flatMap(([key, value]) =>
    key.startsWith(prefix) ? [[key.slice(prefix.length), value as T | null] as [string, T | null]] : [],
  );

const settingsStamp = ({ categories, settings }: Account): string => JSON.stringify([categories, settings]);
