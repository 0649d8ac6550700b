import { isDeepStrictEqual } from 'node:util';
import type { Mailbox } from '../domain/mailbox.ts';
import type { Identity, MailboxCounts } from '../providers/contract/mail-session.ts';
import { entryBytes, mailboxBytes } from './bytes.ts';
import type { EntryStore } from './entry-store.ts';
import type { MailboxIds } from './mailbox-ids.ts';
import type { Change, ReadMark } from './recent-changes.ts';

/** How old an answer may be of which no change feed reports every change: names and colours of labels, categories, and identities. */
export const MAX_UNREPORTED_AGE_MS = 5 * 60_000;

/** Mailboxes as they were listed. The counts were dropped where they may not hold any more. */
interface MailboxList {
  readonly mailboxes: readonly Mailbox[];
  readonly readAt: number;
  readonly hasCounts: boolean;
}

export interface MailboxEntries {
  readonly mailboxes: MailboxList;
  readonly counts: MailboxCounts;
  readonly identities: { readonly identities: readonly Identity[]; readonly readAt: number };
}

interface Aging {
  /** The milliseconds after which it is too old. */
  readonly leftMs: number;
}

interface CachedMailboxesOptions {
  readonly store: Pick<EntryStore<MailboxEntries>, 'get' | 'set' | 'delete' | 'clear'>;
  readonly ids: Pick<MailboxIds, 'learn' | 'forget'>;
  /** What may be missing in the answer of a read. Null: more than is known. */
  readonly since: (mark: ReadMark) => readonly Change[] | null;
  /** Called when a read shows something else than an earlier one, which no change feed has reported. The counts are left aside. */
  readonly onDifferent: () => void;
  readonly now: () => number;
}

/** The mailboxes of one account with their counts, and the addresses that it sends from. Any change drops the counts. */
export class CachedMailboxes {
  constructor(private readonly options: CachedMailboxesOptions) {}

  /** The mailboxes, with counts where these still hold. Null: they are not known, or too old. */
  list(): (Pick<MailboxList, 'mailboxes' | 'hasCounts'> & Aging) | null {
    return this.recent(this.options.store.get('mailboxes', ''));
  }

  keep(mailboxes: readonly Mailbox[], mark: ReadMark): void {
    const changes = this.options.since(mark);
    if (!changes || changes.some(({ kind }) => kind === 'mailbox' || kind === 'anything')) return;
    const known = this.options.store.get('mailboxes', '');
    if (known && !isDeepStrictEqual(known.mailboxes.map(withoutCounts), mailboxes.map(withoutCounts)))
      this.options.onDifferent();
    this.options.ids.learn(mailboxes);
    const hasCounts = changes.length === 0;
    this.set({ mailboxes: hasCounts ? mailboxes : mailboxes.map(withoutCounts), readAt: mark.at, hasCounts });
  }

  counts(id: string): MailboxCounts | undefined {
    return this.options.store.get('counts', id);
  }

  keepCounts(id: string, counts: MailboxCounts, mark: ReadMark): void {
    const { since, store } = this.options;
    if (since(mark)?.length === 0) store.set('counts', id, counts, entryBytes(id));
  }

  identities(): (Pick<MailboxEntries['identities'], 'identities'> & Aging) | null {
    return this.recent(this.options.store.get('identities', ''));
  }

  keepIdentities(identities: readonly Identity[], mark: ReadMark): void {
    const { since, store } = this.options;
    const changes = since(mark);
    if (!changes || changes.some(({ kind }) => kind === 'anything')) return;
    const known = store.get('identities', '');
    if (known && !isDeepStrictEqual(known.identities, identities)) this.options.onDifferent();
    const bytes = entryBytes(...identities.flatMap(({ address, name }) => [address, name ?? '']));
    store.set('identities', '', { identities, readAt: mark.at }, bytes);
  }

  /** Drops what a change may have made wrong. */
  changed({ kind }: Change): void {
    const { store, ids } = this.options;
    if (kind === 'mailbox' || kind === 'anything') {
      ids.forget();
      store.delete('mailboxes', '');
    }
    if (kind === 'anything') store.delete('identities', '');
    store.clear('counts');
    const listed = store.get('mailboxes', '');
    if (listed?.hasCounts) this.set({ ...listed, mailboxes: listed.mailboxes.map(withoutCounts), hasCounts: false });
  }

  private recent<T extends { readonly readAt: number }>(known: T | undefined): (T & Aging) | null {
    if (!known) return null;
    const leftMs = known.readAt + MAX_UNREPORTED_AGE_MS - this.options.now();
    return leftMs > 0 ? { ...known, leftMs } : null;
  }

  private set(listed: MailboxList): void {
    const bytes = listed.mailboxes.reduce((sum, mailbox) => sum + mailboxBytes(mailbox), entryBytes());
    this.options.store.set('mailboxes', '', listed, bytes);
  }
}

const withoutCounts = (mailbox: Mailbox): Mailbox => ({ ...mailbox, totalMessages: null, unreadMessages: null });
