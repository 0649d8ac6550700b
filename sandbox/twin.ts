import type { FastifyPluginAsync } from 'fastify';
import type { Side } from './mail/content/catalogue.ts';
import type { Person } from './mail/mail.ts';
import type {
  Emulator,
  HeaderSpelling,
  ReadToggles,
  SearchIndex,
  SearchWays,
  Sending,
  SubjectThreads,
  Vendor,
  World,
} from './world.ts';

/** A vendor, emulated: what the sandbox, the suites and the gateway's start have to know of it, so that they name none. */
export interface Twin {
  /** In the control API; also where it is mounted. */
  readonly vendor: Vendor;
  /** For people. */
  readonly name: string;
  /** The id of the provider in the gateway that speaks to it. */
  readonly provider: string;
  /** Its accounts are here: mail to an address of it that has none comes back. */
  readonly domain: string;
  /** Which of the built-in mail its accounts get. */
  readonly side: Side;
  /** Each way in which it could list header values. */
  readonly spellings: readonly HeaderSpelling[];
  /** Each way in which it could send: for suites. */
  readonly sendings: readonly Sending[];
  /** The words in which the vendor says that an account has no mailbox. */
  readonly mailboxRefusals: readonly string[];
  /** Each way in which it could join mail to threads by its subject alone. */
  readonly subjectThreads: readonly SubjectThreads[];
  /** What is not known of its search index, and how that could be. */
  readonly searchWays: SearchWays;
  /** Indexes that suites play, beside the one at first. */
  readonly searchIndexes: readonly Partial<SearchIndex>[];
  /** The vendor's own words for why a sign-in is refused. */
  readonly signInRefusals: readonly string[];
  /** Those of them that are two spellings of one reason, which the provider therefore explains in the same words. */
  readonly sameSignInRefusals: readonly (readonly string[])[];
  /** Whose account is filled at the start, and connected for the demo user. Null: nobody's. */
  readonly demo: Person | null;
  /** The password of every account. Null: they sign in on a consent page. */
  readonly password: string | null;
  /**
   * What the request log calls the requests that identify the account, read a message and list changes; and, where the
   * provider writes, those that save a draft, upload a piece of a file and send. Faults are set on these names.
   */
  readonly operations: Readonly<Record<'identify' | 'read' | 'changes', string>> &
    Readonly<Partial<Record<'save' | 'upload' | 'send', string>>>;
  /** The most requests with which the provider updates 300 messages in four ways, and deletes 120. Absent: it does not write. */
  readonly bulkRequests?: { readonly update: number; readonly deleteForever: number };
  /** Each way in which the vendor could report a message that was only marked read or unread. Null: its way is known. */
  readonly readToggles: readonly ReadToggles[] | null;
  /** A second address from which each new account may send. Null: there is none. */
  alias(address: string): string | null;
  /** Refusals for a time that a fault can name, and the status that each has unless the fault gives another. */
  readonly errors: Readonly<Record<string, number>>;
  /** The gateway's settings, as .env.example names them, for talking to it at this URL. */
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
  /** The gateway, for webhooks. */
  readonly publicUrl: () => string;
  /** For a vendor whose headers could come either way. */
  readonly headers: HeaderSpelling;
  /** For a vendor that limits the parts of a batch. Absent: as it documents it. */
  readonly batchWidth?: number;
  /** For a vendor that could join threads by subject or not. Absent: as it documents it. */
  readonly subjectThreads?: SubjectThreads;
  /** Takes mail for recipients who have no account here, Bcc already taken out. */
  readonly deliverElsewhere: (raw: Buffer, recipients: readonly string[]) => void;
}
