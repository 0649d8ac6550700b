import type { Spoil } from '../change.spoil.ts';
import type { Mail } from '../mail/mail.ts';
import type { SignInRefusals, SignInStep } from '../sign-in.refusals.ts';
import {
  type ChangeReporting,
  DEFAULT_SEARCH_INDEX,
  type Duplicates,
  type Emulator,
  type Piece,
  type SearchIndex,
  type Sending,
  type World,
} from '../world.ts';
import type { Tokens } from './identity/tokens.ts';
import { Account, type Accounts, PROMPT } from './mailbox/accounts.ts';
import { ReceivedContent } from './mailbox/content.ts';
import type { Folder, Item } from './mailbox/item.ts';
import { Mailbox } from './mailbox/mailbox.ts';
import type { Notifications } from './mailbox/notifications.ts';
import type { Outbox } from './mailbox/outbox.ts';
import { piecesOf, restore, stampOf } from './mailbox/pieces.ts';
import type { SubscriptionStore } from './mailbox/subscription.store.ts';
import { addCategory } from './resources/categories.ts';

const PLACES = {
  inbox: 'inbox',
  sent: 'sentitems',
  archive: 'archive',
  drafts: 'drafts',
  trash: 'deleteditems',
  junk: 'junkemail',
} as const;
const COLOURS = 25;

/** The control API's hands on the Microsoft side. */
export class MicrosoftEmulator implements Emulator {
  readonly vendor = 'microsoft';
  readonly #world: World;
  readonly #accounts: Accounts;
  readonly #tokens: Tokens;
  readonly #refusals: SignInRefusals;
  readonly #store: SubscriptionStore;
  readonly #notifications: Notifications;
  readonly #outbox: Outbox;

  constructor(
    world: World,
    accounts: Accounts,
    tokens: Tokens,
    refusals: SignInRefusals,
    store: SubscriptionStore,
    notifications: Notifications,
    outbox: Outbox,
  ) {
    this.#world = world;
    this.#accounts = accounts;
    this.#tokens = tokens;
    this.#refusals = refusals;
    this.#store = store;
    this.#notifications = notifications;
    this.#outbox = outbox;
  }

  accounts(): readonly string[] {
    return this.#accounts.all().map(({ address }) => address);
  }

  createAccount(address: string, name: string): void {
    if (this.#accounts.find(address)) return;
    const account = new Account(address, name, new Mailbox(address.toLowerCase(), () => this.#world.now()));
    account.mailbox.onChange = (change) => this.#notifications.changed(account, change);
    this.#accounts.add(account);
  }

  fill(address: string, mails: Iterable<Mail>): void {
    const account = this.#accounts.get(address);
    account.mailbox.fill(Array.from(mails, (mail) => newItem(account, mail)));
  }

  deliver(address: string, mail: Mail): string {
    const account = this.#accounts.get(address);
    return account.mailbox.add(newItem(account, mail)).immutableId;
  }

  expireTokens(address: string): void {
    this.#tokens.expireAccess(this.#accounts.get(address).address);
    const now = this.#world.now().getTime();
    for (const subscription of this.#subscriptions(address))
      this.#notifications.challenge({ ...subscription, authorizedUntil: now });
  }

  refuseTokens(address: string, areRefused: boolean): void {
    this.#tokens.refuseAccess(this.#accounts.get(address).address, areRefused);
  }

  refuseSignIn(address: string, refusal: string | null, at: readonly SignInStep[]): void {
    this.#refusals.set(this.#accounts.get(address).address, refusal, at);
  }

  revoke(address: string): void {
    this.#tokens.revoke(this.#accounts.get(address).address);
    const ended = this.#subscriptions(address);
    this.#store.remove(ended.map(({ id }) => id));
    for (const subscription of ended) this.#notifications.lifecycle(subscription, 'subscriptionRemoved');
  }

  expireHistory(address: string): void {
    const { mailbox } = this.#accounts.get(address);
    mailbox.deltaFloor = ++mailbox.sequence;
  }

  spoilChanges(address: string, spoil: Spoil): void {
    this.#accounts.get(address).mailbox.spoil.set(spoil);
  }

  dropWatches(address: string): void {
    this.#store.remove(this.#subscriptions(address).map(({ id }) => id));
  }

  silenceWatches(address: string): void {
    for (const subscription of this.#subscriptions(address)) this.#store.save({ ...subscription, isSilent: true });
  }

  setDuplicates(address: string, duplicates: Duplicates): void {
    this.#accounts.get(address).refusesDuplicates = duplicates === 'refused';
  }

  setSearchLag(address: string, seconds: number): void {
    this.#accounts.get(address).mailbox.searchLagMs = seconds * 1000;
  }

  setSearchIndex(address: string, index: Partial<SearchIndex>): void {
    this.#accounts.get(address).mailbox.searchIndex = { ...DEFAULT_SEARCH_INDEX, ...index };
  }

  setSending(address: string, { messageId, ...sending }: Sending): boolean {
    const account = this.#accounts.get(address);
    if (messageId !== undefined) return false;
    account.sending = { ...PROMPT, ...sending };
    this.#outbox.flush(account);
    return true;
  }

  setChangeReporting(address: string, telling: Partial<ChangeReporting>): void {
    const { mailbox } = this.#accounts.get(address);
    mailbox.changeReporting = { ...mailbox.changeReporting, ...telling };
  }

  hasPendingNotifications(): boolean {
    return this.#notifications.areWaiting;
  }

  setReplicaLag(address: string, seconds: number, at: 'session' | 'piece' | 'read'): void {
    const account = this.#accounts.get(address);
    if (at === 'read') account.mailbox.lagReads(seconds * 1000);
    else account.uploadLag = { ms: seconds * 1000, at };
  }

  setMessageLimit(address: string, bytes: number): void {
    this.#accounts.get(address).maxMessageBytes = bytes;
  }

  refuseMailbox(address: string, refusal: string | null): void {
    this.#accounts.get(address).mailboxRefusal = refusal;
  }

  touch(address: string, messageId: string, change: string): void {
    const { mailbox } = this.#accounts.get(address);
    const item = mailbox.item(messageId);
    if (change === 'delete') mailbox.move(item, mailbox.dumpster);
    else if (change === 'archive') mailbox.move(item, mailbox.folder('archive'));
    else if (change === 'trash') mailbox.move(item, mailbox.folder('deleteditems'));
    else if (change === 'inbox') mailbox.move(item, mailbox.folder('inbox'));
    else if (change === 'read' || change === 'unread') markRead(mailbox, item, change === 'read');
    else if (change === 'star' || change === 'unstar') flag(mailbox, item, change === 'star');
    else throw new Error(`No change called ${change}: delete, read, unread, archive, trash, inbox, star or unstar.`);
  }

  stampOf(address: string): string {
    return stampOf(this.#accounts.get(address));
  }

  piecesOf(address: string): Iterable<Piece> {
    return piecesOf(this.#accounts.get(address));
  }

  restore(address: string, pieces: ReadonlyMap<string, unknown>): void {
    restore(this.#accounts.get(address), pieces);
  }

  dump(
    address: string,
  ): readonly { id: string; internetMessageId: string | null; mailbox: string; isDraft: boolean }[] {
    return this.#accounts.get(address).mailbox.items.all.map((item) => ({
      id: item.immutableId,
      internetMessageId: item.content.envelope.messageId,
      mailbox: item.folder.wellKnown ?? item.folder.displayName,
      isDraft: item.isDraft,
    }));
  }

  #subscriptions(address: string) {
    return this.#store.all().filter(({ account }) => account.toLowerCase() === address.toLowerCase());
  }
}

function markRead(mailbox: Mailbox, item: Item, isRead: boolean): void {
  mailbox.update(
    item,
    () => {
      item.isRead = isRead;
    },
    true,
  );
}

function flag(mailbox: Mailbox, item: Item, isFlagged: boolean): void {
  mailbox.update(
    item,
    () => {
      item.flag = { flagStatus: isFlagged ? 'flagged' : 'notFlagged' };
    },
    false,
  );
}

function newItem(account: Account, mail: Mail): Item {
  const { placement } = mail;
  const item = account.mailbox.newItem(
    mail.key,
    folderFor(account.mailbox, placement.mailbox),
    new ReceivedContent(mail),
    mail.receivedAt,
  );
  item.isRead = placement.isRead;
  item.isDraft = placement.mailbox === 'drafts';
  if (!item.isDraft && placement.mailbox !== 'sent') item.receivedBy = account.address;
  item.importance = placement.isImportant ? 'high' : 'normal';
  if (placement.isStarred) item.flag = { flagStatus: 'flagged' };
  item.categories = [...placement.labels];
  for (const label of placement.labels)
    if (!account.categories.some(({ displayName }) => displayName === label))
      addCategory(account, label, `preset${account.categories.length % COLOURS}`);
  return item;
}

function folderFor(mailbox: Mailbox, place: Mail['placement']['mailbox']): Folder {
  return typeof place === 'string' ? mailbox.folder(PLACES[place]) : mailbox.folders.ensure(place.name);
}
