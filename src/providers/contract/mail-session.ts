import type { Compose } from '../../domain/compose.ts';
import type { MailError } from '../../domain/error.ts';
import type { Mailbox, MailboxKind, MailboxRole } from '../../domain/mailbox.ts';
import type { Message } from '../../domain/message.ts';
import type { SearchMeans } from '../../domain/search/branches.ts';
import type { Thread } from '../../domain/thread.ts';
import type { Call } from './call.ts';
import type { Batch, Cursor, Detail, ListQuery, Page, PageRequest } from './list.ts';
import type { SnapshotPage } from './snapshot.ts';
import type { Hint, ProviderChange, Watcher } from './watch.ts';

/*
 * Ids are the provider's own. They are opaque and valid within their account.
 *
 * Message ids survive every change of flags and labels. At Gmail they also survive a move, because a label is not a place, and
 * at Graph too, because each of our requests prefers immutable ids (`IdType="ImmutableId"`). At IMAP they do not: a moved
 * message gets a new UID (RFC 3501 2.3.1.1), which the server reports with COPYUID (RFC 4315). `update` of such a provider
 * returns the message with its new id in the slot of the old one, and `changes` reports the old id as deleted and the new one
 * as created. A copy in the sent mail may have another id than its draft had, and `probe` returns it.
 *
 * Draft ids survive new revisions. Mailbox ids survive a new name and a new parent at Gmail and Graph. The id of a Graph
 * category is its name, which cannot change. The id of an IMAP mailbox is its path, which can, unless the server supports
 * OBJECTID (RFC 8474). A thread id is the id of the conversation, and a message keeps it when it is moved. An attachment id is
 * valid for its message.
 */

/** A change to one message; absent fields stay as they are. The adapter maps archive and trash to what the provider has. */
export interface Patch {
  readonly id: string;
  readonly isRead?: boolean;
  readonly isStarred?: boolean;
  readonly isImportant?: boolean;
  readonly addMailboxIds?: readonly string[];
  readonly removeMailboxIds?: readonly string[];
  readonly moveTo?:
    | 'ARCHIVE'
    | 'TRASH'
    | 'INBOX'
    | 'JUNK'
    /** Restores a message that was written here from trash or junk to its sent mail or drafts. */
    | 'SENT'
    | 'DRAFTS'
    | { readonly mailboxId: string; readonly fromMailboxId: string | null };
}

export interface Identity {
  readonly address: string;
  readonly name: string | null;
  readonly isDefault: boolean;
}

export interface Draft {
  /** Survives new revisions. */
  readonly id: string;
  /** Changes with each revision. */
  readonly version: string;
  readonly message: Message;
}

export interface MailboxCounts {
  readonly total: number;
  readonly unread: number;
}

export interface DraftWrite {
  /** Null: create a draft. */
  readonly id: string | null;
  /** The version that this revision is based on. Throws CONFLICT without overwriting when the draft has another one. Null: no check. */
  readonly ifVersion: string | null;
  readonly compose: Compose;
}

/** Absent fields stay as they are. */
export interface MailboxPatch {
  /** Null: create a mailbox, which requires `name`. */
  readonly id: string | null;
  readonly name?: string;
  /** For a new mailbox. Absent: the provider's kind of mailbox to file under, FOLDER before LABEL. */
  readonly kind?: MailboxKind;
  /** Null: at the top level. */
  readonly parentId?: string | null;
  /** A CSS hex colour (#rrggbb), which the adapter maps to the provider's nearest one. Null: no colour. */
  readonly color?: string | null;
}

export interface Sent {
  /** The sent copy, where the provider returns its id at once. Null: `probe` finds it later. */
  readonly messageId: string | null;
}

/** A draft for which the provider may have received the request to send it. */
export interface Submitted {
  /** Null where it is not known. */
  readonly draftId: string | null;
  /** Empty where it is not known. */
  readonly internetMessageId: string;
  /** The message was not sent before this moment. */
  readonly since: Date;
}

/**
 * sent: the message was sent; `messageId` is the sent copy where it was found. submitted: the provider has accepted it and has
 * not sent it yet. not-sent: it is still a draft, which proves nothing before `sendSettlesMs` have passed. unknown: nothing
 * proves one of the others, and the adapter does not guess.
 */
export type SendStatus =
  | { readonly state: 'sent'; readonly messageId: string | null }
  | { readonly state: 'submitted' | 'not-sent' | 'unknown' };

/**
 * One open account. Every method takes a Call and throws MailError; methods that take several ids return errors as values. An
 * answer of the provider that has not the documented shape is PROVIDER_UNAVAILABLE, and never an empty result. Every request is
 * sent by `authorized` or `authorizedStream` (limiter/authorized.ts). A method for which the provider has no request, such as
 * `listDrafts` where it has no drafts, may answer without one.
 */
export interface MailSession extends SearchMeans {
  listMailboxes(call: Call): Promise<readonly Mailbox[]>;
  /**
   * Present where `listMailboxes` leaves the counts null, because each of them costs a request. A slot is null where the provider
   * does not count that mailbox.
   */
  mailboxCounts?(ids: readonly string[], call: Call): Promise<Batch<MailboxCounts | null>>;
  /**
   * The id of the mailbox with this role, as `ListQuery.mailboxId` accepts it, where it is known without a request. Absent or
   * null: `listMailboxes` has it. At a provider that keeps a message in one mailbox, messages may carry another id for it.
   */
  roleMailboxId?(role: MailboxRole): string | null;
  /**
   * The mailbox with an id that `Message.mailboxIds` can have although `listMailboxes` does not: at Outlook messages keep the name
   * of a category that the user's list of categories has not, or no longer. Null: not an id of this kind. Absent: there are none.
   */
  unlistedMailbox?(id: string): Mailbox | null;
  identities(call: Call): Promise<readonly Identity[]>;
  /** Every item matches the query, and every message that matches is an item of one of the pages. */
  listMessages(query: ListQuery, page: PageRequest, call: Call): Promise<Page<Message>>;
  /**
   * Threads that have one visible message which matches the whole query. Messages in trash and junk are visible only where the
   * query includes them. The position of a thread is its `lastMessageAt`, whichever of its messages matched.
   */
  listThreads(query: ListQuery, page: PageRequest, call: Call): Promise<Page<Thread>>;
  listDrafts(page: PageRequest, call: Call): Promise<Page<Draft>>;
  getMessages(ids: readonly string[], detail: Detail, call: Call): Promise<Batch<Message>>;
  getThreads(ids: readonly string[], call: Call): Promise<Batch<Thread>>;
  /** Never buffers the whole file where the vendor's API can stream. Uses `RequestLimiter.stream`, which counts the transfer until its end. */
  readAttachment(messageId: string, attachmentId: string, call: Call): Promise<ReadableStream<Uint8Array>>;
  /** The message in RFC 5322 format. */
  readRaw(messageId: string, call: Call): Promise<ReadableStream<Uint8Array>>;
  /** Returns the messages after the change. Idempotent. Throws FORBIDDEN, naming the needed access, when the account's access does not allow it. */
  update(patches: readonly Patch[], call: Call): Promise<Batch<Message>>;
  /** Deletes permanently, without the trash. A slot holds NOT_FOUND where the message did not exist. Needs FULL access. */
  deleteForever(ids: readonly string[], call: Call): Promise<Batch<true>>;
  /** A slot holds NOT_FOUND where the draft was sent or deleted. */
  getDrafts(ids: readonly string[], call: Call): Promise<Batch<Draft>>;
  /** Stores a new draft or a new revision of one. A revision replaces the whole message. */
  saveDraft(write: DraftWrite, call: Call): Promise<Draft>;
  /** Throws CONFLICT when `ifVersion` is no longer the draft's version, and NOT_FOUND when the draft does not exist. */
  deleteDraft(id: string, ifVersion: string | null, call: Call): Promise<void>;
  /**
   * Throws UNSUPPORTED, naming what the provider cannot do; CONFLICT when the name is in use; and FORBIDDEN with the field
   * `id`, naming the mailbox, for a system mailbox.
   */
  saveMailbox(patch: MailboxPatch, call: Call): Promise<Mailbox>;
  deleteMailbox(id: string, call: Call): Promise<void>;
  /** Sends a stored draft. Never retried. */
  send(draftId: string, call: Call): Promise<Sent>;
  /** Finds out whether a draft was sent, and which message is the sent copy. */
  probe(submitted: Submitted, call: Call): Promise<SendStatus>;
  /** How long after a request to send a draft may still look unsent although it will be sent. */
  readonly sendSettlesMs: number;
  /**
   * How long after a change a read may still return the state before it, because the provider answers from replicas that are not
   * equally far. Absent: a read that begins after a change returns its result.
   */
  readonly readsSettleMs?: number;
  /**
   * What changed since the cursor, with one change for each message in each answer: a message that was created and then updated
   * is created, and one that was deleted in the end is deleted or left out. The created ones of an answer are in order of
   * arrival; those of two answers need not be, where a mailbox has several folders. Null: returns a cursor for now without listing anything; where that takes several pages, the
   * later ones report what changed since the first. Throws CURSOR_EXPIRED when the account must be synchronised from the start.
   * `hints` are the messages that the provider's notifications named since the cursor; empty: there was a notification that named
   * none. A provider for which reading all changes is expensive may read the named ones alone, and its answer is `partial`. With
   * any, it may leave out what no notification is sent about, such as names of labels, for two minutes. Absent: all that has
   * changed is asked for.
   */
  changes(since: Cursor | null, call: Call, hints?: readonly Hint[]): Promise<ChangePage>;
  /**
   * Returns a mark that differs from an earlier one when a message of the account was created, updated or deleted in between, by
   * one cheap request. It need not show changes of mailboxes. Absent: nothing cheap shows every change, and `changes` is called
   * instead.
   */
  changeMark?(call: Call): Promise<string>;
  /**
   * The ids and states of all messages of the account, those in trash and junk and drafts too, page by page. Null: from the
   * beginning. A message that exists during the whole snapshot is in one of its pages; one that is created, moved or deleted
   * meanwhile may be in none, or in two. The state of a message that changes meanwhile may be none that it had: check a
   * difference by reading the message. Throws CURSOR_EXPIRED when the snapshot must begin again. `limit` is about the maximum
   * number of messages of a page; absent: what costs least. Absent: the account's completeness cannot be proved.
   */
  snapshot?(after: Cursor | null, call: Call, limit?: number): Promise<SnapshotPage>;
  /** Present where the provider pushes. Absent: the account is polled. */
  readonly watch?: Watcher;
  /**
   * Present where the account's `push` is HELD: the server announces changes over a connection that is kept open, as with IMAP's
   * IDLE (RFC 2177) and NOTIFY (RFC 5465). Calls `changed` once when the connection is open, because something may have changed
   * before, and again at each announcement; `changes` then reads what changed. Resolves when the session is closed or the signal
   * aborts. Rejects with a MailError when there is no connection or it breaks; the caller then listens again after a delay. One
   * call is active at a time.
   */
  listen?(changed: () => void, call: Call): Promise<void>;
  /**
   * Releases what the session keeps open, such as a connection, and what it has learned about the account. Calls in progress
   * run to their end. A call that begins later, by a request that got the session just before, still works and leaves nothing
   * open. `listen` ends. Resolves when nothing is open any more; a second call does nothing.
   */
  close(): Promise<void>;
}

export interface ChangePage {
  readonly changes: readonly ProviderChange[];
  /** It may be the one that was given, where nothing has changed. Then it need not be stored again. */
  readonly cursor: Cursor;
  /** True: call again at once with `cursor`. */
  readonly more: boolean;
  /** Only the hinted messages were read. Changes that no notification named are reported by a later call without hints. */
  readonly partial?: boolean;
  /**
   * The `changeMark` of the account before these changes were read, where it costs no further request. Of several pages the
   * first one has it, unless each page has its own.
   */
  readonly mark?: string;
  /**
   * The number of records that could not be read. They are left out, because one of them must not hold up the account for
   * ever. What they report is found by comparing a snapshot.
   */
  readonly unreadable?: number;
  /**
   * True: a mailbox was read for the first time that could not be read when the cursor was made. Of what has happened in it since
   * then, only new mail is reported.
   */
  readonly isFirstRead?: boolean;
  /** Mailboxes whose changes the provider could not return now. They are reported by a later call. */
  readonly unread?: readonly UnreadMailbox[];
}
export interface UnreadMailbox {
  readonly mailboxId: string;
  readonly error: MailError;
}
