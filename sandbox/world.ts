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
/** One of those that twins.ts lists. */
export type Vendor = string;

export interface Keep {
  get<T>(key: string): T | undefined;
  set(key: string, value: unknown): void;
}

/** One line per upstream request. A batch is one line, and each request inside it another with `batch` naming it. */
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
  /** Absent: every operation; else the operation's name, or its beginning when it ends with *. "token" is the token endpoint. */
  readonly operation?: string;
  /** Answer with this status: 401, 403, 404, 429, 500, 503 … in the vendor's own error shape. */
  readonly status?: number;
  /** Which of the vendor's refusals of that status: one of the names in its Twin. */
  readonly error?: string;
  /** As the vendor tells it: in a header, or in the words of the error. */
  readonly retryAfterSeconds?: number;
  /** The Retry-After header, word for word. */
  readonly retryAfter?: string;
  readonly latencyMs?: number;
  /** Take the request and never answer, not even once the fault is cleared; "release": answer it then. */
  readonly hang?: boolean | 'release';
  /** Of one that a request has met, where it is to be answered once the fault is cleared: when that is. */
  readonly cleared?: Promise<void>;
  /** Do what is asked, then cut the connection: the answer is lost. */
  readonly loseAnswer?: boolean;
  /** Cut the connection in the middle of the answer's body. */
  readonly truncate?: boolean;
  /** The answer's body, whatever was asked: with a status instead of the vendor's own error, without one once it was done. */
  readonly body?: string;
  /** A list answers no item, and where it goes on. */
  readonly emptyPage?: boolean;
  /** A list of messages answers so many at most, whatever was asked for, and where it goes on. */
  readonly pageSize?: number;
  /** For webhooks: 'lose' | 'repeat'. */
  readonly webhook?: 'lose' | 'repeat';
  /** How many requests it meets before it is used up; absent: until cleared. */
  readonly times?: number;
  /** Meets only this share of requests, 0 to 1; deterministic by count. */
  readonly share?: number;
  /** Which of them make up that share. Absent: every nth. */
  readonly seed?: number;
}
/** What the Retry-After header of the fault's answer says; undefined for none. */
export const retryAfterOf = ({ retryAfter, retryAfterSeconds }: Fault): string | undefined =>
  retryAfter ?? (retryAfterSeconds === undefined ? undefined : String(retryAfterSeconds));

export interface Faults {
  add(fault: Fault): number;
  clear(): void;
  /** The fault that this request meets, if any; counts it. */
  meet(vendor: Vendor, account: string | null, operation: string): Fault | null;
}

/** Header values as they were written, or their encoded words decoded and names without quotes. */
export const HEADER_SPELLINGS = ['written', 'decoded'] as const;
export type HeaderSpelling = (typeof HEADER_SPELLINGS)[number];

/** What vendors are documented or reported to do with what they are told to send; one that does not do a thing has no field for it. */
export interface Sending {
  /** Between the answer and the sending. */
  readonly lagSeconds?: number;
  /** Until it is sent the message is a draft, or not to be found. */
  readonly meanwhile?: 'draft' | 'absent';
  /** The sent copy has the draft's id, or another one. */
  readonly ids?: 'kept' | 'changed';
  /** The Message-ID that was written stays; or gives way to another and is kept in X-Google-Original-Message-ID; or is lost. */
  readonly messageId?: 'kept' | 'original' | 'replaced';
}

/** What a list of changes says of a message that was only read or unread: all that was selected, or the flag and the folder alone. */
export const READ_TOGGLES = ['selected', 'flag'] as const;
export type ReadToggles = (typeof READ_TOGGLES)[number];

/** How an account's changes are told. */
export interface Telling {
  readonly readToggles: ReadToggles;
  /** New mail is told twice: as created and, a moment later, as updated. */
  readonly updatedAfterCreated: boolean;
}

/** Whether mail that refers to nothing joins a thread by its subject and people. */
export const SUBJECT_THREADS = ['join', 'apart'] as const;
export type SubjectThreads = (typeof SUBJECT_THREADS)[number];

export const DUPLICATES = ['taken', 'refused'] as const;
export type Duplicates = (typeof DUPLICATES)[number];

/**
 * How a search index could keep words and give what it finds, where its vendor does not say or was found to do otherwise. The
 * first of each is how it is at first; which of them are open at which vendor, its twin says.
 */
export const SEARCH_INDEXES = {
  /** é is e, and ß is ss; or they are letters of their own. At Microsoft so are ligatures and full width. */
  accents: ['folded', 'kept'],
  /** `_` is part of a word, as was found in the field, or separates words. */
  underscore: ['joins', 'separates'],
  /** Quoted words are found as they are; by their English stems too; or, a single one, by its beginning. Reports differ. */
  forms: ['whole', 'stems', 'beginnings'],
  /** Each Chinese, Japanese, Korean, Thai, Lao, Khmer or Burmese character is a word; or whatever stands between signs. */
  unspaced: ['characters', 'runs'],
  /** from: finds the Sender header too, or From alone. */
  sender: ['found', 'ignored'],
  messageIds: ['folded', 'exact'],
  /** What is found is sorted by the date that its sender wrote, or by when it was received. */
  order: ['sent', 'received'],
} as const;
export type SearchIndex = { readonly [K in keyof typeof SEARCH_INDEXES]: (typeof SEARCH_INDEXES)[K][number] };
/** The ways that are open at one vendor. */
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

/** What each emulator offers to the control API and to the sandbox's own delivery. */
export interface Emulator {
  readonly vendor: Vendor;
  accounts(): readonly string[];
  /** The account that mail to the address arrives in, null for none. Absent: there are no aliases. */
  recipient?(address: string): string | null;
  createAccount(address: string, name: string): void;
  /** Takes mail in without telling anyone: how an account is filled at the start. */
  fill(account: string, mails: Iterable<Mail>): void;
  /** Delivers as new mail: history or delta moves on, and watches are told. Returns the vendor's message id. */
  deliver(account: string, mail: Mail): string;
  /** Access tokens of the account stop working; the grant lives. */
  expireTokens(account: string): void;
  /** The API takes no access token of the account, however new, while refreshing goes on. */
  refuseTokens(account: string, areRefused: boolean): void;
  /** Its sign-ins are refused at these steps by one of the twin's `signInRefusals`; null: no more. Absent: there is no consent page. */
  refuseSignIn?(account: string, refusal: string | null, at: readonly SignInStep[]): void;
  /** The grant is gone: refreshing answers invalid_grant. */
  revoke(account: string): void;
  /** History ids or delta links given so far are too old. */
  expireHistory(account: string): void;
  /** The watch or subscription dies without a word. */
  dropWatches(account: string): void;
  /** The watches and subscriptions that there are tell of nothing from now on, though they can be renewed. */
  silenceWatches(account: string): void;
  /** What becomes of a second subscription to the same. Absent: a mailbox has one watch. */
  setDuplicates?(account: string, duplicates: Duplicates): void;
  /** How far the search index lags behind delivery. */
  setSearchLag(account: string, seconds: number): void;
  /** How the account's search index is from now on, in ways that are open at the vendor; what is left out is as at first. */
  setSearchIndex(account: string, index: Partial<SearchIndex>): void;
  /** The largest message the account may send, in bytes, as its administrator sets it. Absent: no administrator can. */
  setMessageLimit?(account: string, bytes: number): void;
  /** What becomes of what the account sends from now on; what is still to be sent goes at once. False, and nothing is changed: not of this vendor. */
  setSending(account: string, sending: Sending): boolean;
  /** Its mail is refused from now on, in one of the twin's `mailboxRefusals`; null: it has its mailbox. Absent: each account has one. */
  refuseMailbox?(account: string, refusal: string | null): void;
  /** How changes are told from now on. Absent: the vendor's way is known. */
  setTelling?(account: string, telling: Partial<Telling>): void;
  /** For how long new messages are unknown to where upload sessions are begun, or their first piece is put. Absent: they are known at once. */
  setReplicaLag?(account: string, seconds: number, at: 'session' | 'piece'): void;
  /** How the account's headers are listed from now on. Absent: the vendor's are known. */
  setHeaders?(account: string, spelling: HeaderSpelling): void;
  /** How many parts of one batch the account is answered before others draw 429. Absent: batches draw none. */
  setBatchWidth?(account: string, parts: number): void;
  /** Whether a subject alone joins the account's threads from now on. Absent: the vendor's way is known. */
  setSubjectThreads?(account: string, threads: SubjectThreads): void;
  /** Whether it has news that it will only tell after a while. Absent: it tells at once. */
  hasUntold?(): boolean;
  /** Deletes, moves or marks as another client would. `change`: 'delete' | 'read' | 'unread' | 'archive' | 'trash'. */
  touch(account: string, messageId: string, change: string): void;
  /** Differs whenever one of the account's pieces does. */
  stampOf(account: string): string;
  /** What of the account outlives a restart. */
  piecesOf(account: string): Iterable<Piece>;
  /** Puts pieces back as they were read, by key; null takes away what the account was filled with. Nobody is told. */
  restore(account: string, pieces: ReadonlyMap<string, unknown>): void;
  /** The raw mails of an account as it is now, for assertions: id, RFC 5322, where it lies. */
  dump(account: string): readonly { id: string; internetMessageId: string | null; mailbox: string; isDraft: boolean }[];
}

/** A message, a folder, a setting: what is written when it changes. */
export interface Piece {
  readonly key: string;
  /** Differs whenever what is read does. */
  readonly stamp: string;
  /** As JSON. */
  read(): unknown;
}
