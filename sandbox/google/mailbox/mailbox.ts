import { ChangeSpoil } from '../../change.spoil.ts';
import type { Envelope, Mail } from '../../mail/mail.ts';
import { HistoryLog, type HistoryRecord } from './history.log.ts';
import { IndexLag } from './index.lag.ts';
import { LabelBook } from './label.book.ts';
import { hexId, type StoredMessage } from './message.ts';
import { labelsOf } from './placement.ts';
import { searchEntry } from './search.entry.ts';
import { Tally } from './tally.ts';
import { Threading } from './threading.ts';
import { Timeline } from './timeline.ts';

/** The most messages in a thread. The next reply begins another one (Gmail's help on conversations). */
const MAX_THREAD_MESSAGES = 100;

/** The state of one Gmail mailbox. Every change is made here, so that history, counts and watches agree. */
export class Mailbox {
  readonly labels = new LabelBook();
  readonly timeline = new Timeline();
  readonly threading = new Threading();
  readonly tally = new Tally();
  readonly history: HistoryLog;
  readonly indexLag: IndexLag;
  readonly spoil = new ChangeSpoil();
  /** Draft id by message id, and back. */
  readonly drafts = new Map<string, string>();
  readonly #byId = new Map<string, StoredMessage>();
  readonly #threads = new Map<string, StoredMessage[]>();
  /** The thread that continues a full one. */
  readonly #successors = new Map<string, string>();
  readonly #now: () => Date;
  readonly #onChange: (labels: ReadonlySet<string>) => void;

  constructor(now: () => Date, onChange: (labels: ReadonlySet<string>) => void) {
    this.#now = now;
    this.#onChange = onChange;
    this.history = new HistoryLog(now());
    this.indexLag = new IndexLag(now);
  }

  get threadCount(): number {
    return this.#threads.size;
  }

  get(id: string): StoredMessage | undefined {
    return this.#byId.get(id);
  }

  /** Returns the messages oldest first, in order of arrival within a second. Empty when there is no such thread. */
  thread(id: string): readonly StoredMessage[] {
    return (this.#threads.get(id) ?? []).toSorted((a, b) => a.receivedAt - b.receivedAt);
  }

  /** Stores mail without history or notifications. Parents are stored before their replies, whatever the given order is. */
  fill(mails: Iterable<Mail>): void {
    // The date is read once, because a generated mail computes it each time.
    const dated = Array.from(mails, (mail) => ({ mail, at: mail.receivedAt }));
    dated.sort((a, b) => a.at.getTime() - b.at.getTime());
    const stored = dated.map(({ mail, at }) =>
      this.#enter(mail, labelsOf(mail.placement, this.labels), null, { at, arrivedAt: -Infinity }),
    );
    this.timeline.addAll(stored);
  }

  /** Adds one message and notifies of it. `threadId` names its thread; null leaves it to the headers. */
  add(mail: Mail, labels: ReadonlySet<string>, threadId: string | null, at: Date = mail.receivedAt): StoredMessage {
    const message = this.#enter(mail, labels, threadId, { at, arrivedAt: this.#now().getTime() });
    this.timeline.add(message);
    message.addedWith = this.#record({ message, labelIds: [...labels], added: true }, labels);
    message.historyId = message.addedWith;
    return message;
  }

  /** Returns whether anything changed. */
  relabel(message: StoredMessage, add: Iterable<string>, remove: Iterable<string>): boolean {
    const labelsRemoved = [...new Set(remove)].filter((label) => message.labels.has(label));
    const labelsAdded = [...new Set(add)].filter((label) => !message.labels.has(label));
    if (labelsAdded.length === 0 && labelsRemoved.length === 0) return false;
    this.tally.remove(message);
    const before = message.labels;
    const removed = new Set(labelsRemoved);
    message.labels = new Set([...before, ...labelsAdded].filter((label) => !removed.has(label)));
    this.tally.add(message);
    const change = {
      ...(labelsAdded.length > 0 ? { labelsAdded } : {}),
      ...(labelsRemoved.length > 0 ? { labelsRemoved } : {}),
    };
    const concerned = new Set([...before, ...message.labels]);
    message.historyId = this.#record({ message, labelIds: [...message.labels], ...change }, concerned);
    return true;
  }

  delete(message: StoredMessage): void {
    this.#remove(message);
    this.#record({ message, labelIds: [...message.labels], deleted: true }, message.labels);
  }

  /** Restores a message as it was before the restart, in place of the one with its id, without history or notifications. */
  putBack(kept: Pick<StoredMessage, 'id' | 'threadId' | 'mail' | 'labels' | 'receivedAt'>): void {
    this.takeOut(kept.id);
    const { receivedAt, ...given } = kept;
    const { envelope } = given.mail;
    this.threading.learn(envelope, given.threadId);
    if (!given.labels.has('DRAFT')) this.threading.learnSubject(envelope, given.threadId, receivedAt);
    this.timeline.add(this.#place(given, receivedAt, Number.NEGATIVE_INFINITY));
  }

  /** Removes a message that was deleted before the restart, without history or notifications. */
  takeOut(id: string): void {
    const message = this.#byId.get(id);
    if (message) this.#remove(message);
  }

  #record(change: Omit<HistoryRecord, 'id'>, labels: ReadonlySet<string>): number {
    const spoilt = this.spoil.take();
    const id = this.history.append(change, spoilt?.as ?? null);
    if (spoilt?.isNotified ?? true) this.#onChange(labels);
    return id;
  }

  /** Returns the thread of a mail. Null: it begins one. Mail that is written here joins no thread by its subject alone. */
  #threadOf(envelope: Envelope, labels: ReadonlySet<string>, wanted: string | null, at: number): string | null {
    const isOwn = labels.has('DRAFT') || labels.has('SENT');
    const found = wanted ?? this.threading.find(envelope);
    let threadId = found ?? (isOwn ? null : this.threading.findBySubject(envelope, at));
    for (let next = threadId; next !== null; next = this.#successors.get(next) ?? null) threadId = next;
    return threadId;
  }

  #enter(
    mail: Mail,
    labels: ReadonlySet<string>,
    wanted: string | null,
    time: { at: Date; arrivedAt: number },
  ): StoredMessage {
    let id = hexId(mail.key);
    for (let copy = 2; this.#byId.has(id); copy += 1) id = hexId(`${mail.key} ${copy}`);
    const { envelope } = mail;
    const meant = this.#threadOf(envelope, labels, wanted, time.at.getTime());
    const isFull = meant !== null && (this.#threads.get(meant)?.length ?? 0) >= MAX_THREAD_MESSAGES;
    if (isFull) this.#successors.set(meant, id);
    const threadId = meant === null || isFull ? id : meant;
    this.threading.learn(envelope, threadId);
    if (!labels.has('DRAFT')) this.threading.learnSubject(envelope, threadId, time.at.getTime());
    return this.#place({ id, threadId, mail, labels }, time.at.getTime(), time.arrivedAt);
  }

  #place(
    given: Pick<StoredMessage, 'id' | 'threadId' | 'mail' | 'labels'>,
    receivedAt: number,
    arrivedAt: number,
  ): StoredMessage {
    const { id, threadId, labels } = given;
    const message: StoredMessage = {
      ...given,
      entry: searchEntry(given.mail.envelope),
      receivedAt,
      order: Number.parseInt(id.slice(4, 12), 16),
      arrivedAt,
      addedWith: this.history.current,
      historyId: this.history.current,
    };
    this.#byId.set(id, message);
    const thread = this.#threads.get(threadId);
    if (thread) thread.push(message);
    else this.#threads.set(threadId, [message]);
    this.tally.add(message);
    if (labels.has('DRAFT')) this.drafts.set(id, `r${BigInt(`0x${hexId(`draft ${id}`)}`)}`);
    return message;
  }

  #remove(message: StoredMessage): void {
    this.#byId.delete(message.id);
    this.timeline.remove(message);
    this.tally.remove(message);
    this.drafts.delete(message.id);
    const left = (this.#threads.get(message.threadId) ?? []).filter((other) => other !== message);
    if (left.length > 0) this.#threads.set(message.threadId, left);
    else this.#threads.delete(message.threadId);
  }
}
