import type { z } from 'zod';
import type { Compose } from '../../domain/compose.ts';
import type { MailError } from '../../domain/error.ts';
import type { Mailbox, MailboxKind, MailboxRole } from '../../domain/mailbox.ts';
import type { Message } from '../../domain/message.ts';
import type { SearchMeans } from '../../domain/search/branches.ts';
import type { Condition } from '../../domain/search/condition.ts';
import type { Thread } from '../../domain/thread.ts';
import type { Call, Limits, RequestLimiter } from './call.ts';
import type { Access, ConnectMethod } from './connect.ts';
import type { FindWatch, Hint, ProviderChange, Watcher, WebhookOutcome, WebhookRequest } from './watch.ts';

/** What registry.ts lists: a provider before it is configured. */
export interface Adapter<Settings extends z.ZodObject = z.ZodObject> {
  /** Upper case. Becomes one of the schema's ProviderId, and is stored with each integration; never changes. */
  readonly id: string;
  /** For the schema: whose mail, and by which API. */
  readonly description: string;
  /** Its variables of the environment, which .env.example documents. */
  readonly settings: Settings;
  create(settings: z.output<Settings>, times?: ProviderTimes): Provider;
}

/** How long a provider waits where its vendor takes its time; what is absent is the adapter's own. Tests have less time. */
export interface ProviderTimes {
  /** Between the tries of a request that came to a replica which lags behind, in milliseconds. */
  readonly lagWaitsMs?: readonly number[];
}

/**
 * What a mail provider is to Postern. A new one is one folder that implements this, one line in registry.ts, and its
 * twin under sandbox/. Nothing outside the folder asks which provider it is: it asks `capabilities`.
 */
export interface Provider<Secret = unknown> {
  /** Its adapter's. */
  readonly id: string;
  /** For people: "Gmail". */
  readonly name: string;
  /** False when the credentials it needs are not in the configuration; then nothing else here is called. Without one that is, the sandbox starts. */
  readonly configured: boolean;
  /** Domains that it serves, lower case, and MX host suffixes that give away a custom domain. */
  readonly domains: readonly string[];
  readonly mxSuffixes: readonly string[];
  /** How its accounts can be connected, the usual way first. The first also renews what was sealed before a secret said how it came to be. */
  readonly connectMethods: readonly [ConnectMethod<Secret>, ...ConnectMethod<Secret>[]];
  /**
   * What this account can do; known without asking anyone. Accounts of one provider may differ, as those on two IMAP
   * servers do: what such a server announces is asked when the account is connected, and kept with its `scopes`.
   */
  capabilities(account: AccountDetails): Capabilities;
  /** The vendor's limits for one account, which request-limiter.ts keeps. */
  readonly limits: Limits;
  /**
   * Opens an account. Cheap: no request is made until a method of the session is called. One session is open for each
   * integration and process: many requests use it at once, and what it learns of its account stays in it.
   */
  open(account: SessionOptions): MailSession;
  /** Present where the provider pushes. Proves the sender and names the watches; reads no mail; does not wait for the sync. */
  receive?(request: WebhookRequest, findWatch: FindWatch): Promise<WebhookOutcome>;
}

/** What is known of a connected account without asking anyone. */
export interface AccountDetails {
  /** The account's own address, as the provider told it when it was connected. */
  readonly address: string;
  readonly access: Access;
  /** What the provider granted, in its own words. */
  readonly scopes: readonly string[];
}

/** What a session is opened with: its account, the limiter around each of its requests, and the account's access tokens. */
export interface SessionOptions extends AccountDetails {
  /** The mailbox's: sessions of two users who share a mailbox share it. */
  readonly limiter: RequestLimiter;
  /** A fresh access token. `rejected` is one that the provider has just refused with 401. Throws RECONNECT_REQUIRED. */
  accessToken(signal: AbortSignal, rejected?: string): Promise<string>;
  /** Told of what ends the use of the whole account: a MailError `ofAccount`, or a 401 that new tokens did not cure. Never throws. */
  refused?(error: MailError): Promise<void>;
}

// ---------------------------------------------------------------- reading and writing

/*
 * Ids are the provider's own, opaque, and good within their account.
 *
 * A message's outlives every change of its flags and labels. Gmail's outlives a move too, since labels are not places, and so
 * does Graph's, since each of our requests prefers immutable ids (`IdType="ImmutableId"`). IMAP's does not: a moved message gets
 * a new UID (RFC 3501 2.3.1.1), which COPYUID tells (RFC 4315). There `update` answers the message under its new id, in the
 * slot of the old one, and `changes` tells that the old one was deleted and the new one created. A copy in the sent mail may
 * have another id than its draft, and `probe` tells it.
 *
 * A draft's outlives its revisions. A mailbox's outlives another name and another parent at Gmail and Graph; a category of
 * Graph's is known by its name, which is fixed, and a mailbox of IMAP's by its path, which is not, unless the server has
 * OBJECTID (RFC 8474). A thread's is that of the conversation, and a message keeps it when it is moved. An attachment's is good
 * for its message.
 */

/** The provider's own opaque place in a list or in its history. Never a URL: a client hands it back. */
export type Cursor = string;

/** One slot per id, in the order asked: what DataLoader wants. NOT_FOUND where there is no such message. */
export type Batch<T> = readonly (T | MailError)[];

export interface PageRequest {
  /** At most this many items, but for `upTo`; 1 to 100. */
  readonly size: number;
  /** Up to this many may be given where they are at hand and cost nothing more. Absent, or less than `size`: no more than `size`. */
  readonly upTo?: number;
  /** Null: from the newest. */
  readonly after: Cursor | null;
  /** Items of this page that the caller has already shown: they need not be read, and are left out of `items`. */
  readonly skip?: (id: string) => boolean;
  /** What the caller will read of each message; 'envelope' when absent. A hint: an adapter may answer envelopes anyway. */
  readonly detail?: Detail;
  /** Only what stands in the list before this moment, exclusive: to go on without a cursor. Of a thread: its `lastMessageAt`. */
  readonly before?: Date;
  /** From the newest again: how new the list's newest was at first. A thread stands where it did then, and a newer one is left out. */
  readonly start?: Date;
  /** Messages, or as much of the quota as these cost, that may be spent; then a page ends early, with a `next`. Absent: about one page's worth. */
  readonly budget?: number;
}

/**
 * Newest first (receivedAt; lastMessageAt of a thread). `next` is null at the end. A cursor stays good while mail arrives: following `next` neither
 * repeats nor passes over an item that was there when the first page was read. A page may be empty and have a `next`.
 * CURSOR_EXPIRED when the provider no longer takes the cursor.
 */
export interface Page<T> {
  readonly items: readonly (T | Unreadable)[];
  readonly next: Cursor | null;
  /** Who decided; absent where the query has no condition. */
  readonly evaluation?: Evaluation;
  /** Messages that were read for this page, or as many as cost the same quota; those that did not match included. */
  readonly spent?: number;
  /** The provider itself stopped before its list ended (Graph's search yields 1,000 at most). */
  readonly truncated?: boolean;
}
/** An item that is there but could not be read. */
export interface Unreadable {
  readonly id: string;
  readonly error: MailError;
}

/**
 * NATIVE: the provider's own answer, which is exact for this condition. FILTERED: the provider brought candidates, and each was
 * held against the condition (`matches`). INDEXED: the provider's index decided some of it, such as words in bodies.
 */
export type Evaluation = 'NATIVE' | 'FILTERED' | 'INDEXED';

export interface ListQuery {
  /** One mailbox by the provider's id. Null: the whole account. Either is without what lies in trash or junk, but for these two themselves. */
  readonly mailboxId: string | null;
  /**
   * Trash and junk come in where `visibleOnly` (domain/search/visibility.ts) says. It is one
   * that `branchesOf` leaves whole: what the index decides (`MailSession.decides`) stands apart from what envelopes decide.
   */
  readonly where: Condition | null;
}

export type Detail = 'envelope' | 'full';

/** A change to one message; absent fields stay as they are. The adapter turns archive and trash into what the provider has. */
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
    /** Back among these, for what was written here and lies in the trash or the junk. */
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
  /** Outlives revisions. */
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
  /** Null: a new one. */
  readonly id: string | null;
  /** The version that this revision is made from: CONFLICT, and nothing overwritten, when the draft has moved on. Null: whatever it is. */
  readonly ifVersion: string | null;
  readonly compose: Compose;
}

/** Absent fields stay as they are. */
export interface MailboxPatch {
  /** Null: a new one, which needs `name`. */
  readonly id: string | null;
  readonly name?: string;
  /** For a new one; absent: what the provider has for people to file under (FOLDER before LABEL). */
  readonly kind?: MailboxKind;
  /** Null: at the top. */
  readonly parentId?: string | null;
  /** CSS hex (#rrggbb); the provider's nearest colour is taken. Null: none. */
  readonly color?: string | null;
}

export interface Sent {
  /** The sent copy, where the provider names it at once. Null: it is asked after by `probe`. */
  readonly messageId: string | null;
}

/** A draft that the provider may have been told to send. */
export interface Submitted {
  /** Null where none is known. */
  readonly draftId: string | null;
  /** Empty where it is not known. */
  readonly internetMessageId: string;
  /** If it went, then not before this. */
  readonly since: Date;
}

/**
 * sent: it went, as this message where the sent copy is found. submitted: the provider has taken it, and has not sent it
 * yet. not-sent: it is still a draft, which proves nothing before `sendSettlesMs` have passed. unknown: rather than a guess.
 */
export type Probe =
  | { readonly state: 'sent'; readonly messageId: string | null }
  | { readonly state: 'submitted' | 'not-sent' | 'unknown' };

export interface Capabilities {
  readonly mailboxesPerMessage: 'ONE' | 'MANY';
  readonly nativeThreads: boolean;
  readonly push: 'WEBHOOK' | 'HELD' | 'POLL';
  readonly maxAttachmentBytes: number;
  /** The roles that a mailbox of an account can have. Every role can be asked for in a search, as that of a mailbox or as a property of the message. */
  readonly roles: readonly MailboxRole[];
  /** Which kinds of mailbox can be made, given another name, put below another, and coloured. */
  readonly mailboxes: Readonly<Record<'create' | 'rename' | 'nest' | 'color', readonly MailboxKind[]>>;
}

/** One open account. Every method takes a Call and throws MailError; one that takes ids returns errors as values. */
export interface MailSession extends SearchMeans {
  listMailboxes(call: Call): Promise<readonly Mailbox[]>;
  /** Present where listMailboxes leaves the counts null, because each costs a request. */
  mailboxCounts?(ids: readonly string[], call: Call): Promise<Batch<MailboxCounts>>;
  /**
   * The mailbox with this role, as `ListQuery.mailboxId` takes it, where it is known without asking. Absent or null:
   * listMailboxes tells. Where a message lies in one mailbox only, it need not be the id that messages carry.
   */
  roleMailboxId?(role: MailboxRole): string | null;
  identities(call: Call): Promise<readonly Identity[]>;
  /** Every item meets the query, and everything that meets it is an item of some page. */
  listMessages(query: ListQuery, page: PageRequest, call: Call): Promise<Page<Message>>;
  /**
   * Threads of which one visible message meets the whole query (visible: outside of trash and junk, unless the query brings them
   * in), each at its `lastMessageAt`, whatever message of it was found.
   */
  listThreads(query: ListQuery, page: PageRequest, call: Call): Promise<Page<Thread>>;
  listDrafts(page: PageRequest, call: Call): Promise<Page<Draft>>;
  getMessages(ids: readonly string[], detail: Detail, call: Call): Promise<Batch<Message>>;
  getThreads(ids: readonly string[], call: Call): Promise<Batch<Thread>>;
  /** Never buffers the whole file where the vendor's API can stream, and asks by `RequestLimiter.stream`, which counts it to its end. */
  readAttachment(messageId: string, attachmentId: string, call: Call): Promise<ReadableStream<Uint8Array>>;
  /** The message as RFC 5322. */
  readRaw(messageId: string, call: Call): Promise<ReadableStream<Uint8Array>>;
  /** The messages as they are afterwards. Idempotent. FORBIDDEN by name when the account's access does not allow it. */
  update(patches: readonly Patch[], call: Call): Promise<Batch<Message>>;
  /** Really gone, past the trash. One slot per id; NOT_FOUND where it was gone already. Needs FULL access. */
  deleteForever(ids: readonly string[], call: Call): Promise<Batch<true>>;
  /** One slot per id; NOT_FOUND where it was sent or deleted. */
  getDrafts(ids: readonly string[], call: Call): Promise<Batch<Draft>>;
  /** Stores a new draft, or a new revision of one: the whole message is written again. */
  saveDraft(write: DraftWrite, call: Call): Promise<Draft>;
  /** CONFLICT when `ifVersion` is no longer the draft's; NOT_FOUND when it is gone. */
  deleteDraft(id: string, ifVersion: string | null, call: Call): Promise<void>;
  /** UNSUPPORTED names what the provider cannot do; CONFLICT when the name is taken; FORBIDDEN for a system mailbox, by name, with the field `id`. */
  saveMailbox(patch: MailboxPatch, call: Call): Promise<Mailbox>;
  deleteMailbox(id: string, call: Call): Promise<void>;
  /** Sends a stored draft. Never retried. */
  send(draftId: string, call: Call): Promise<Sent>;
  /** Asks what became of a draft, also which message the sent copy is. */
  probe(submitted: Submitted, call: Call): Promise<Probe>;
  /** For how long after an order to send a draft may still look untouched though it goes. */
  readonly sendSettlesMs: number;
  /**
   * Null: establish a cursor without listing anything. Where that takes several pages, those behind the first tell what has
   * come since it began. CURSOR_EXPIRED: resync. `hints`: what the provider's notifications named since `since`; where asking
   * for everything costs much, it is enough to ask after these, and the answer is `partial`.
   */
  changes(since: Cursor | null, call: Call, hints?: readonly Hint[]): Promise<ChangePage>;
  /** Present where the provider pushes; absent: the account is polled. */
  readonly watch?: Watcher;
  /**
   * Present where the account's `push` is HELD: news comes over a connection that is held open, as with IMAP's IDLE (RFC 2177)
   * and NOTIFY (RFC 5465). Calls `changed` once the connection is held, for what came before, and then each time there is news,
   * which `changes` tells. Resolves when the session is closed or the signal aborts. Rejects with a MailError when there is no
   * connection or it is lost: the caller listens again after a while. Called once at a time.
   */
  listen?(changed: () => void, call: Call): Promise<void>;
  /**
   * Lets go of what the session holds open, a connection for example, and of what it has learned of the account. Nobody is cut
   * off: calls under way go on to their end. A call that begins later, of a request that was handed the session just before,
   * is served too, and leaves nothing open behind. `listen` ends. Resolves when nothing is held any more; a second call changes nothing.
   */
  close(): Promise<void>;
}

export interface ChangePage {
  readonly changes: readonly ProviderChange[];
  readonly cursor: Cursor;
  /** True: call again at once with `cursor`. */
  readonly more: boolean;
  /** Only what the hints point at was asked after: what no notification told is still to be told. */
  readonly partial?: boolean;
  /** Mailboxes whose changes the provider would not tell now; what they hold is told once it does. */
  readonly unread?: readonly UnreadMailbox[];
}
export interface UnreadMailbox {
  readonly mailboxId: string;
  readonly error: MailError;
}

export const isUnreadable = (item: object): item is Unreadable => 'error' in item;
