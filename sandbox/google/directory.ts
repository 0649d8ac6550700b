import {
  DEFAULT_SEARCH_INDEX,
  type HeaderSpelling,
  type SearchIndex,
  type Sending,
  type SubjectThreads,
  type World,
} from '../world.ts';
import { Mailbox } from './mailbox/mailbox.ts';

/** An address that an account may send as. */
export interface SendAs {
  readonly address: string;
  displayName: string;
  signature: string;
  replyToAddress: string;
  /** Absent of the account's own. Mail goes out under an accepted one only. */
  readonly verificationStatus?: 'accepted' | 'pending';
}

export interface Account {
  readonly address: string;
  readonly mailbox: Mailbox;
  /** The account's own address first, then an alias that was proven, and one that was not. */
  readonly sendAs: readonly [SendAs, ...SendAs[]];
  searchIndex: SearchIndex;
  /**
   * How header values are listed. Google documents neither: written, with their encoded words and quotes; decoded, their
   * encoded words as letters and names without quotes. Both are reported, and a client has to be right with both.
   */
  spelling: HeaderSpelling;
  /** Gmail is turned on for it. */
  hasMail: boolean;
  /** So many parts of a batch are answered; of those past it, every second draws 429. */
  batchWidth: number;
  /** What becomes of the Message-ID of what is sent: reports differ (FlowCrypt/flowcrypt-browser#4273, gauteh/lieer#198). */
  sentMessageId: NonNullable<Sending['messageId']>;
}

/** What the accounts of a directory begin with. */
interface Defaults {
  readonly spelling: HeaderSpelling;
  readonly batchWidth: number;
  readonly subjectThreads: SubjectThreads;
}

/** The Google accounts of the sandbox. */
export class Directory {
  readonly #accounts = new Map<string, Account>();
  readonly #world: World;
  readonly #defaults: Defaults;
  readonly #onChange: (account: Account, labels: ReadonlySet<string>) => void;

  constructor(world: World, defaults: Defaults, onChange: (account: Account, labels: ReadonlySet<string>) => void) {
    this.#world = world;
    this.#defaults = defaults;
    this.#onChange = onChange;
  }

  addresses(): readonly string[] {
    return [...this.#accounts.values()].map((account) => account.address);
  }

  find(address: string): Account | undefined {
    return this.#accounts.get(address.toLowerCase());
  }

  /** Whose inbox mail to the address arrives in: its own, or that of whose alias it is. */
  recipient(address: string): Account | undefined {
    return this.find(address) ?? [...this.#accounts.values()].find((account) => sendsAs(account, address));
  }

  /** For the control API, which names accounts that must be there. */
  get(address: string): Account {
    const account = this.find(address);
    if (!account) throw new Error(`no Google account ${address} in the sandbox`);
    return account;
  }

  create(address: string, name: string): void {
    if (this.find(address)) return;
    const own = address.toLowerCase();
    const named = { displayName: name, signature: '', replyToAddress: '' };
    const alias = (tag: string) => own.replace('@', `.${tag}@`);
    const account: Account = {
      address: own,
      mailbox: new Mailbox(
        () => this.#world.now(),
        (labels) => this.#onChange(account, labels),
      ),
      sendAs: [
        { address: own, ...named },
        { address: alias('alias'), ...named, verificationStatus: 'accepted' },
        { address: alias('unproven'), ...named, verificationStatus: 'pending' },
      ],
      searchIndex: DEFAULT_SEARCH_INDEX,
      spelling: this.#defaults.spelling,
      batchWidth: this.#defaults.batchWidth,
      hasMail: true,
      sentMessageId: 'original',
    };
    account.mailbox.threading.bySubject = this.#defaults.subjectThreads;
    this.#accounts.set(account.address, account);
  }
}

/** Whether the account may put the address into From. */
export function sendsAs({ sendAs }: Account, address: string | null): boolean {
  const wanted = address?.toLowerCase();
  return sendAs.some((entry) => entry.address === wanted && entry.verificationStatus !== 'pending');
}
