import type { Spoil } from './change.spoil.ts';
import type { Mail } from './mail/mail.ts';
import type { SignInStep } from './sign-in.refusals.ts';

/** What the emulators share: the log of upstream requests, the faults to play, and the clock. */
export interface World {
  readonly log: RequestLog;
  readonly faults: Faults;
  now(): Date;
  /** Signs emulated tokens; kept under DATA_DIR, so that grants outlive a restart. */
  readonly signingKey: Buffer;
  /** Small state that outlives a restart (grants revoked, watches): a JSON file under DATA_DIR. */
  readonly keep: Keep;
  /** Sends a webhook: at least once, with the faults (lose, repeat, delay) applied, and a few retries on 5xx. */
  post(vendor: Vendor, account: string, url: string, request: { headers: Record<string, string>; body: string }): void;
}
/** The name of a vendor in the control API. twins.ts lists all of them. */
export type Vendor = string;

export interface Keep {
  get<T>(key: string): T | undefined;
  set(key: string, value: unknown): void;
}

/** One request that an emulator received. A batch has a record, and so has each request inside it, whose `batch` is the id of the batch. */
export interface RequestRecord {
  readonly id: number;
  readonly vendor: Vendor;
  readonly account: string | null;
  readonly method: string;
  /** Path and query, without the emulator's prefix. */
  readonly path: string;
  /** The vendor's name for it: "messages.list", "GET /me/messages". */
  readonly operation: string;
  readonly status: number;
  /** Gmail quota units; 1 per request at Graph. */
  readonly units: number;
  readonly batch: number | null;
  readonly startedAt: number;
  readonly endedAt: number;
}
export interface RequestLog {
  add(record: Omit<RequestRecord, 'id'>): RequestRecord;
  all(): readonly RequestRecord[];
  clear(): void;
}

/** A fault is set through the control API and matched against each request (inside a batch too). */
export interface Fault {
  readonly vendor: Vendor;
  /** Absent: every account. */
  readonly account?: string;
  /** The operation's name, or its beginning followed by *. "token" is the token endpoint. Absent: every operation. */
  readonly operation?: string;
  /** Answer with this status: 401, 403, 404, 429, 500, 503 … in the vendor's own error shape. */
  readonly status?: number;
  /** Which of the vendor's refusals of that status: one of the names in its Twin. */
  readonly error?: string;
  /** How long the client must wait. The vendor says so in a header or in the text of the error. */
  readonly retryAfterSeconds?: number;
  /** The Retry-After header, word for word. */
  readonly retryAfter?: string;
  readonly latencyMs?: number;
  /** True: the request is never answered, not even after the fault is cleared. "release": it is answered when the fault is cleared. */
  readonly hang?: boolean | 'release';
  /** Resolves when the fault is cleared. Set for a request that waits for that (`hang: 'release'`). */
  readonly cleared?: Promise<void>;
  /** The request takes effect, and then the connection is cut, so that the answer is lost. */
  readonly loseAnswer?: boolean;
  /** The connection is cut in the middle of the answer's body. */
  readonly truncate?: boolean;
  /** The body of the answer. With `status` it replaces the vendor's error; without one the request takes effect first. */
  readonly body?: string;
  /** A list returns no items, but a token for the next page. */
  readonly emptyPage?: boolean;
  /** The most messages that a list returns in a page, whatever size the client requests. */
  readonly pageSize?: number;
  /** For webhooks: 'lose' | 'repeat'. */
  readonly webhook?: 'lose' | 'repeat';
  /** How many requests it meets before it is used up; absent: until cleared. */
  readonly times?: number;
  /** The share of the requests that it applies to, from 0 to 1. Which ones is decided by counting. */
  readonly share?: number;
  /** The seed that picks the requests of that share. Absent: every nth request. */
  readonly seed?: number;
}
/** The value of the Retry-After header in the fault's answer. Undefined: the answer has no such header. */
export const retryAfterOf = ({ retryAfter, retryAfterSeconds }: Fault): string | undefined =>
  retryAfter ?? (retryAfterSeconds === undefined ? undefined : String(retryAfterSeconds));

export interface Faults {
  add(fault: Fault): number;
  clear(): void;
  /** Returns the fault that applies to this request, or null, and counts the request. */
  meet(vendor: Vendor, account: string | null, operation: string): Fault | null;
}

/** How a vendor lists header values: as they were written, or with encoded words decoded and names without quotes. */
export const HEADER_SPELLINGS = ['written', 'decoded'] as const;
export type HeaderSpelling = (typeof HEADER_SPELLINGS)[number];

/** What a vendor does with a message that it is ordered to send, as its documentation or reports describe it. Absent fields: the vendor does not do that. */
export interface Sending {
  /** Seconds between the answer and the sending. */
  readonly lagSeconds?: number;
  /** Until it is sent, the message is still a draft or cannot be found. */
  readonly meanwhile?: 'draft' | 'absent';
  /** The sent copy has the id of the draft or a new one. */
  readonly ids?: 'kept' | 'changed';
  /** The vendor keeps the Message-ID, or replaces it and keeps it in X-Google-Original-Message-ID, or replaces it altogether. */
  readonly messageId?: 'kept' | 'original' | 'replaced';
}

/** What a list of changes holds of a message that was only marked read or unread: every selected field, or the flag and the folder alone. */
export const READ_TOGGLES = ['selected', 'flag'] as const;
export type ReadToggles = (typeof READ_TOGGLES)[number];

/** How a vendor reports the changes of an account. */
export interface ChangeReporting {
  readonly readToggles: ReadToggles;
  /** New mail is reported twice: as created and, a moment later, as updated. */
  readonly updatedAfterCreated: boolean;
}

/** Whether mail that refers to nothing joins a thread by its subject and people. */
export const SUBJECT_THREADS = ['join', 'apart'] as const;
export type SubjectThreads = (typeof SUBJECT_THREADS)[number];

/** Whether a vendor gives the same token for the same page of a list that has not changed. */
const PAGE_TOKENS = ['stable', 'random'] as const;
export type PageTokens = (typeof PAGE_TOKENS)[number];

/** The labels in a history's message: those after that change, those of now, or none. */
const HISTORY_LABELS = ['then', 'now', 'none'] as const;
export type HistoryLabels = (typeof HISTORY_LABELS)[number];

export const DUPLICATES = ['taken', 'refused'] as const;
export type Duplicates = (typeof DUPLICATES)[number];

/**
 * How a search index may store words and order its results, where the vendor does not document it or was observed to do
 * otherwise. The first value of each is the default. Each vendor's twin lists the values that are possible there.
 */
export const SEARCH_INDEXES = {
  /** é is indexed as e and ß as ss, or each is a letter of its own. Microsoft treats ligatures and full-width letters likewise. */
  accents: ['folded', 'kept'],
  /** `_` is part of a word, as observed in the field, or separates words. */
  underscore: ['joins', 'separates'],
  /** Quoted words match as they are, by their English stems too, or, for a single word, by its beginning. Reports differ. */
  forms: ['whole', 'stems', 'beginnings'],
  /** Each Chinese, Japanese, Korean, Thai, Lao, Khmer or Burmese character is a word, or all that stands between punctuation is one. */
  unspaced: ['characters', 'runs'],
  /** The operator from: also searches the Sender header, or From alone. */
  sender: ['found', 'ignored'],
  messageIds: ['folded', 'exact'],
  /** Results are sorted by the sender's date or by the time of receipt. */
  order: ['sent', 'received'],
} as const;
export type SearchIndex = { readonly [K in keyof typeof SEARCH_INDEXES]: (typeof SEARCH_INDEXES)[K][number] };
/** The values that are possible at one vendor. */
export type SearchWays = { readonly [K in keyof SearchIndex]?: readonly SearchIndex[K][] };
export const DEFAULT_SEARCH_INDEX: SearchIndex = {
  accents: 'folded',
  underscore: 'joins',
  forms: 'whole',
  unspaced: 'characters',
  sender: 'found',
  messageIds: 'folded',
  order: 'sent',
};

/** The methods of an emulator that the control API and the sandbox's own delivery call. */
export interface Emulator {
  readonly vendor: Vendor;
  accounts(): readonly string[];
  /** Returns the account that receives mail to this address, or null. Absent: the vendor has no aliases. */
  recipient?(address: string): string | null;
  createAccount(address: string, name: string): void;
  /** Stores mail without notifying anyone. Accounts are filled so at the start. */
  fill(account: string, mails: Iterable<Mail>): void;
  /** Delivers new mail: the history or delta moves on, and watches are notified. Returns the vendor's message id. */
  deliver(account: string, mail: Mail): string;
  /** Ends the account's access tokens. The grant stays valid. */
  expireTokens(account: string): void;
  /** Makes the API refuse every access token of the account, however new. Refreshing still works. */
  refuseTokens(account: string, areRefused: boolean): void;
  /** Refuses the account's sign-ins at these steps with one of the twin's `signInRefusals`. Null: they are accepted again. Absent: the vendor has no consent page. */
  refuseSignIn?(account: string, refusal: string | null, at: readonly SignInStep[]): void;
  /** Revokes the grant: refreshing then answers invalid_grant. */
  revoke(account: string): void;
  /** Makes every history id or delta link issued so far too old. */
  expireHistory(account: string): void;
  /** Loses the next changes of messages: the list of changes leaves them out, or has records of them that cannot be read. */
  spoilChanges(account: string, spoil: Spoil): void;
  /** Ends the watches or subscriptions without any notice. */
  dropWatches(account: string): void;
  /** Makes the existing watches or subscriptions notify of nothing from now on, although they can be renewed. */
  silenceWatches(account: string): void;
  /** Sets whether a second subscription to the same resource is accepted. Absent: a mailbox has one watch. */
  setDuplicates?(account: string, duplicates: Duplicates): void;
  /** Sets how many seconds the search index lags behind delivery. */
  setSearchLag(account: string, seconds: number): void;
  /** Sets how the account's search index works, with values that are possible at the vendor. Absent fields return to the default. */
  setSearchIndex(account: string, index: Partial<SearchIndex>): void;
  /** Sets the largest message that the account may send, in bytes, as its administrator would. Absent: no administrator can. */
  setMessageLimit?(account: string, bytes: number): void;
  /** Sets how the account sends from now on; messages that are still waiting are sent at once. Returns false, and changes nothing, when the vendor has no such way. */
  setSending(account: string, sending: Sending): boolean;
  /** Refuses requests for the account's mail with one of the twin's `mailboxRefusals`. Null: the account has a mailbox again. Absent: each account has one. */
  refuseMailbox?(account: string, refusal: string | null): void;
  /** Sets how changes are reported from now on. Absent: the vendor's way is known. */
  setChangeReporting?(account: string, telling: Partial<ChangeReporting>): void;
  /**
   * Sets for how long a new message is unknown to the replica that begins upload sessions, or that receives their first piece, or
   * how far the one that reads single messages is behind. Absent: it is known at once.
   */
  setReplicaLag?(account: string, seconds: number, at: 'session' | 'piece' | 'read'): void;
  /** Sets how the account's headers are listed from now on. Absent: the vendor's way is known. */
  setHeaders?(account: string, spelling: HeaderSpelling): void;
  /** Sets how many parts of a batch are answered before the others receive 429. Absent: the vendor has no such limit. */
  setBatchWidth?(account: string, parts: number): void;
  /** Sets whether the subject alone joins messages to threads from now on. Absent: the vendor's way is known. */
  setSubjectThreads?(account: string, threads: SubjectThreads): void;
  /** Returns whether notifications are still to be sent. Absent: they are sent at once. */
  hasPendingNotifications?(): boolean;
  /** Deletes, moves or marks a message as another client would. `change` is 'delete', 'read', 'unread', 'archive' or 'trash'. */
  touch(account: string, messageId: string, change: string): void;
  /** Returns a string that changes whenever a piece of the account does. */
  stampOf(account: string): string;
  /** Returns the parts of the account that survive a restart. */
  piecesOf(account: string): Iterable<Piece>;
  /** Restores pieces by their keys. Null removes a piece that the account was filled with. Nobody is notified. */
  restore(account: string, pieces: ReadonlyMap<string, unknown>): void;
  /** Returns the account's messages as they are now, for assertions. */
  dump(account: string): readonly { id: string; internetMessageId: string | null; mailbox: string; isDraft: boolean }[];
}

/** A message, a folder or a setting, which is written to the journal when it changes. */
export interface Piece {
  readonly key: string;
  /** Changes whenever the value that `read` returns does. */
  readonly stamp: string;
  /** Returns the value, which JSON can hold. */
  read(): unknown;
}
