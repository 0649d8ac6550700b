import type { FastifyPluginAsync } from 'fastify';
import type { Side } from './mail/content/catalogue.ts';
import type { Person } from './mail/mail.ts';
import type {
  Emulator,
  HeaderSpelling,
  HistoryLabels,
  PageTokens,
  ReadToggles,
  SearchIndex,
  SearchWays,
  Sending,
  SubjectThreads,
  Vendor,
  World,
} from './world.ts';

/** Describes an emulated vendor to the sandbox, to the suites and to the gateway's start, none of which names a vendor. */
export interface Twin {
  /** Its name in the control API, and the path at which its HTTP API is mounted. */
  readonly vendor: Vendor;
  /** The name shown to people. */
  readonly name: string;
  /** The id of the gateway's provider that speaks to it. */
  readonly provider: string;
  /** The mail domain of its accounts. Mail to an address there without an account bounces. */
  readonly domain: string;
  /** Selects the built-in mail that its accounts receive. */
  readonly side: Side;
  /** Each way in which the vendor may list header values. */
  readonly spellings: readonly HeaderSpelling[];
  /** Each way in which the vendor may send. The suites try all of them. */
  readonly sendings: readonly Sending[];
  /** The vendor's error codes for an account without a mailbox. */
  readonly mailboxRefusals: readonly string[];
  /** Each way in which the vendor may treat a subject when it joins messages to threads. */
  readonly subjectThreads: readonly SubjectThreads[];
  /** The undocumented properties of its search index, each with the possible values. */
  readonly searchWays: SearchWays;
  /** The search indexes that the suites try beside the default one. */
  readonly searchIndexes: readonly Partial<SearchIndex>[];
  /** The vendor's error codes for a refused sign-in. */
  readonly signInRefusals: readonly string[];
  /** The error codes that mean the same, grouped: the provider explains each group with one message. */
  readonly sameSignInRefusals: readonly (readonly string[])[];
  /** The owner of the account that is filled at the start and connected for the demo user. Null: there is no such account. */
  readonly demo: Person | null;
  /** The password of every account. Null: people sign in on a consent page. */
  readonly password: string | null;
  /**
   * What the request log calls the requests that identify the account, read a message and list changes; and, where the
   * provider writes, those that save a draft, upload a piece of a file and send. Faults are set on these names,
   * and on "token", as which the request that `ConnectMethod.refresh` sends is logged.
   */
  readonly operations: Readonly<Record<'identify' | 'read' | 'changes', string>> &
    Readonly<Partial<Record<'save' | 'upload' | 'send', string>>>;
  /** The most requests with which the provider updates 300 messages in four ways, and deletes 120. Absent: it does not write. */
  readonly bulkRequests?: { readonly update: number; readonly deleteForever: number };
  /** Each way in which the vendor could report a message that was only marked read or unread. Null: its way is known. */
  readonly readToggles: readonly ReadToggles[] | null;
  /** A second address from which each new account may send. Null: there is none. */
  alias(address: string): string | null;
  /** The transient errors that a fault can name, each with its default status. */
  readonly errors: Readonly<Record<string, number>>;
  /** Returns the gateway's settings, as .env.example names them, that make it use this URL. */
  environment(url: string): Readonly<Record<string, string>>;
  create(world: World, surroundings: Surroundings): Played;
}

/** A vendor that is being emulated. It serves HTTP by `plugin`, or any other protocol by `listen`. */
interface Played {
  readonly emulator: Emulator;
  /** Its HTTP API, which the sandbox mounts at /<vendor>. */
  readonly plugin?: FastifyPluginAsync;
  /**
   * Starts a server of its own on this host and any free port, for example one that speaks IMAP. `changed` must be called
   * after each command that may have changed a mailbox, so that the change outlives a restart.
   */
  listen?(host: string, changed: () => void): Promise<{ readonly url: string; close(): Promise<void> }>;
}

interface Surroundings {
  /** Returns the gateway's URL, for webhooks. */
  readonly publicUrl: () => string;
  /** How headers are listed by a vendor that may do either. */
  readonly headers: HeaderSpelling;
  /** The limit on the parts of a batch. Absent: the documented one. */
  readonly batchWidth?: number;
  /** Whether an unchanged page has the same token again. Absent: it has. */
  readonly pageTokens?: PageTokens;
  /** Which labels the messages of a history have. Absent: those after each change. */
  readonly historyLabels?: HistoryLabels;
  /** Whether the subject alone joins threads. Absent: what the vendor documents. */
  readonly subjectThreads?: SubjectThreads;
  /** Accepts mail to recipients who have no account at this vendor. Bcc has been removed from it. */
  readonly deliverElsewhere: (raw: Buffer, recipients: readonly string[]) => void;
}
