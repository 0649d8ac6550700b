import { GraphError, malformedId } from '../wire/errors.ts';
import { folderId, isWellFormed } from './ids.ts';
import { Folder } from './item.ts';

/** The folders of every mailbox. */
const DISTINGUISHED: readonly { name: string; displayName: string; isHidden?: boolean }[] = [
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

/** Well-known names without a folder in this mailbox. They are not found, rather than malformed. */
const EMPTY_NAMES: ReadonlySet<string> = new Set([
  'conflicts',
  'localfailures',
  'scheduled',
  'searchfolders',
  'serverfailures',
]);

/** The folders of one mailbox. */
export class FolderTree {
  readonly root: Folder;
  /** The folder of soft-deleted items, which appears nowhere else. */
  readonly dumpster: Folder;
  readonly deleted: { readonly id: string; readonly change: number; readonly createdAtChange: number }[] = [];
  readonly #account: string;
  /** Advances the mailbox's change sequence. */
  readonly #nextChange: () => number;
  readonly #byId = new Map<string, Folder>();
  readonly #wellKnown = new Map<string, Folder>();

  constructor(account: string, nextChange: () => number) {
    this.#account = account;
    this.#nextChange = nextChange;
    this.root = this.#register('msgfolderroot', 'Top of Information Store', null, false);
    for (const { name, displayName, isHidden } of DISTINGUISHED)
      this.#register(name, displayName, this.root, isHidden ?? false);
    this.dumpster = this.#register('recoverableitemsdeletions', 'Deletions', null, true);
  }

  all(): Iterable<Folder> {
    return this.#byId.values();
  }

  has(id: string): boolean {
    return this.#byId.has(id);
  }

  /** Returns a folder by its id or well-known name. Throws Graph's errors. */
  get(idOrName: string): Folder {
    const found = this.#byId.get(idOrName) ?? this.#wellKnown.get(idOrName.toLowerCase());
    if (found) return found;
    if (!isWellFormed(idOrName) && !EMPTY_NAMES.has(idOrName.toLowerCase())) throw malformedId();
    throw new GraphError(404, 'ErrorItemNotFound', 'The specified folder could not be found in the store.');
  }

  /** Creates a folder. Throws ErrorFolderExists when the parent has one of that name. */
  create(displayName: string, parent: Folder): Folder {
    this.requireFreeName(displayName, parent);
    const path = `${parent.id}/${displayName.toLowerCase()}`;
    let id = folderId(this.#account, path);
    // A folder that is deleted and created again has another id.
    for (let again = 1; this.has(id) || this.deleted.some((former) => former.id === id); again++)
      id = folderId(this.#account, `${path}#${again}`);
    return this.#add(id, displayName, parent);
  }

  requireFreeName(displayName: string, parent: Folder): void {
    if (parent.children.some((child) => child.displayName.toLowerCase() === displayName.toLowerCase()))
      throw new GraphError(409, 'ErrorFolderExists', 'A folder with the specified name already exists.');
  }

  /** Returns the user's folder at this path, and creates what is missing. Names are separated by "/". */
  ensure(path: string): Folder {
    let folder = this.root;
    for (const name of path
      .split('/')
      .map((part) => part.trim())
      .filter(Boolean)) {
      const known = folder.children.find((child) => child.displayName.toLowerCase() === name.toLowerCase());
      folder = known ?? this.create(name, folder);
    }
    return folder;
  }

  /** Restores a folder as it was before the restart. */
  putBack(id: string, displayName: string, parent: Folder): Folder {
    const folder = this.#byId.get(id) ?? this.#add(id, displayName, parent);
    folder.displayName = displayName;
    if (folder.parent !== parent) this.move(folder, parent);
    return folder;
  }

  change(folder: Folder, change: () => void): void {
    change();
    folder.lastChange = this.#nextChange();
  }

  move(folder: Folder, to: Folder): void {
    this.change(folder, () => {
      this.#unhang(folder);
      folder.parent = to;
      to.children.push(folder);
    });
  }

  /** Removes an empty folder. */
  remove(folder: Folder): void {
    this.#unhang(folder);
    this.#byId.delete(folder.id);
    this.deleted.push({ id: folder.id, change: this.#nextChange(), createdAtChange: folder.createdAtChange });
  }

  #unhang(folder: Folder): void {
    folder.parent?.children.splice(folder.parent.children.indexOf(folder), 1);
  }

  #add(id: string, displayName: string, parent: Folder): Folder {
    const folder = new Folder({ id, wellKnown: null, displayName, parent });
    folder.createdAtChange = folder.lastChange = this.#nextChange();
    this.#byId.set(id, folder);
    return folder;
  }

  #register(name: string, displayName: string, parent: Folder | null, isHidden: boolean): Folder {
    const folder = new Folder({ id: folderId(this.#account, name), wellKnown: name, displayName, parent, isHidden });
    this.#byId.set(folder.id, folder);
    this.#wellKnown.set(name, folder);
    return folder;
  }
}
