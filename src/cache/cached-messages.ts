import type { Message } from '../domain/message.ts';
import type { ChangeDetail } from '../providers/contract/change-detail.ts';
import type { Detail } from '../providers/contract/list.ts';
import { messageBytes } from './bytes.ts';
import type { EntryStore } from './entry-store.ts';
import {
  difference,
  EVERYTHING_TOUCHED,
  inState,
  isNothing,
  type MessageState,
  stateAfter,
  touchedBy,
} from './message-state.ts';
import { type Change, type RecentChanges, unknownUpdate } from './recent-changes.ts';

/** A message as it was read, as an envelope, with its content, or both. */
export interface MessageEntry {
  readonly envelope: Message | null;
  readonly full: Message | null;
  readonly bytes: number;
  /** The clock since which its state is known without a gap. */
  readonly since: number;
  /** When a request of our own changed it. */
  readonly writtenAt: number | null;
  /** When it must be read again, because something about it may have changed that the change log does not report. */
  readonly expiresAt: number;
}

/** How long the log may echo a request of our own, or report what happened before it. */
const ECHO_MS = 15_000;
/** How old a message may be whose logged changes were applied, where it has a property that no change feed reports. */
const MAX_PATCHED_AGE_MS = 5 * 60_000;

type Store = Pick<EntryStore<{ readonly message: MessageEntry }>, 'get' | 'peek' | 'set' | 'delete' | 'all'>;

/** The messages of one account. A logged change is applied to them, so that they need not be read again. */
export class CachedMessages {
  constructor(
    private readonly store: Store,
    private readonly recent: Pick<RecentChanges, 'tick'>,
    private readonly now: () => number,
  ) {}

  get(id: string, detail: Detail): Message | null {
    const entry = this.store.get('message', id);
    if (!entry) return null;
    if (this.now() >= entry.expiresAt) {
      this.store.delete('message', id);
      return null;
    }
    return detail === 'full' ? entry.full : (entry.envelope ?? entry.full);
  }

  /** The milliseconds after which the first of these messages must be read again. Infinity: a change alone makes that necessary. */
  leftMs(ids: readonly string[]): number {
    let first = Number.POSITIVE_INFINITY;
    for (const id of ids) first = Math.min(first, this.store.peek('message', id)?.expiresAt ?? first);
    return first - this.now();
  }

  /**
   * Keeps a message. Returns the change that this read shows and that the log has not reported yet, which the caller has to apply.
   */
  put(message: Message, detail: Detail, since: number | null): Change | null {
    const known = this.store.get('message', message.id);
    const hasContent = detail === 'full' && message.content !== null;
    // The content of a draft can change, and that of another message cannot.
    const others = message.isDraft ? null : known;
    const answered = (one: Message | null | undefined) => (one ? withAnswered(inState(one, message), message) : null);
    this.set({
      envelope: hasContent ? answered(others?.envelope) : message,
      full: hasContent ? message : answered(others?.full),
      since: known?.since ?? since ?? this.recent.tick(),
      writtenAt: known?.writtenAt ?? null,
      expiresAt: Number.POSITIVE_INFINITY,
    });
    const touched = known && difference(stateOf(known), message);
    if (!known || !touched || isNothing(touched)) return null;
    return { kind: 'updated', id: message.id, touched: EVERYTHING_TOUCHED, known: { since: known.since, touched } };
  }

  /** Drops all drafts, whose ids may change with each revision. */
  forgetDrafts(): void {
    for (const [id, entry] of [...this.store.all('message')])
      if (stateOf(entry).isDraft) this.store.delete('message', id);
  }

  forget(id: string): void {
    this.store.delete('message', id);
  }

  /** Keeps a message as a request of our own has changed it. Returns the change to apply. */
  written(message: Message): Change {
    const known = this.store.get('message', message.id);
    const change = this.put(message, 'envelope', null);
    const entry = this.store.get('message', message.id);
    if (entry) this.set({ ...entry, writtenAt: this.now() });
    if (change) return change;
    const nothing = known && { since: known.since, touched: difference(message, message) };
    return { ...unknownUpdate(message.id), ...(nothing && { known: nothing }) } as Change;
  }

  /** Applies an update of the log. Returns the change to apply to everything else. */
  logged(id: string, detail: ChangeDetail | null): Change {
    const known = this.store.get('message', id);
    if (!known || detail === null) {
      this.store.delete('message', id);
      return { kind: 'updated', id, touched: touchedBy(detail) };
    }
    const before = stateOf(known);
    const after = stateAfter(before, detail);
    const touched = difference(before, after);
    const isOwn = known.writtenAt !== null && this.now() - known.writtenAt < ECHO_MS;
    const change: Change = { kind: 'updated', id, touched: touchedBy(detail), known: { since: known.since, touched } };
    const isAnsweredKnown = anyOf(known).isAnswered !== null;
    const expiresAt = isAnsweredKnown ? Math.min(known.expiresAt, this.now() + MAX_PATCHED_AGE_MS) : known.expiresAt;
    if (before.isDraft || after.isDraft) {
      this.store.delete('message', id);
      // The content of a draft may have been edited too, and so which searches find it.
      if (before.isDraft && after.isDraft) return { kind: 'updated', id, touched: touchedBy(detail) };
    } else if (isNothing(touched)) {
      // Something else was updated, such as whether the message is answered. An echo of our own request may hide that.
      if (isAnsweredKnown && !isOwn) this.store.delete('message', id);
      else if (isAnsweredKnown) this.set({ ...known, expiresAt });
    } else if (isOwn) {
      // What we wrote may be newer than what the log reports here.
      this.store.delete('message', id);
      return { kind: 'updated', id, touched: EVERYTHING_TOUCHED };
    } else {
      const { envelope, full } = known;
      this.set({
        ...known,
        envelope: envelope && inState(envelope, after),
        full: full && inState(full, after),
        expiresAt,
      });
    }
    return change;
  }

  private set(entry: Omit<MessageEntry, 'bytes'>): void {
    const { envelope, full } = entry;
    const bytes = (envelope ? messageBytes(envelope) : 0) + (full ? messageBytes(full) : 0);
    this.store.set('message', anyOf(entry).id, { ...entry, bytes }, bytes);
  }
}

function anyOf({ envelope, full }: Pick<MessageEntry, 'envelope' | 'full'>): Message {
  const message = envelope ?? full;
  if (!message) throw new RangeError('an entry has a message');
  return message;
}

const stateOf = (entry: MessageEntry): MessageState => anyOf(entry);

const withAnswered = (message: Message, { isAnswered }: Message): Message =>
  Object.defineProperty(message, 'isAnswered', { value: isAnswered, enumerable: true });
