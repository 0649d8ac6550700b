import {
  DEFAULT_SEARCH_INDEX,
  type HeaderSpelling,
  type HistoryLabels,
  type PageTokens,
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
  /** Absent for the account's own address. Only an accepted address may be used in From. */
  readonly verificationStatus?: 'accepted' | 'pending';
}

export interface Account {
  readonly address: string;
  readonly mailbox: Mailbox;
  /** The account's own address, then a verified alias and an unverified one. */
  readonly sendAs: readonly [SendAs, ...SendAs[]];
  searchIndex: SearchIndex;
  /**
   * How header values are listed: 'written', with their encoded words and quotes, or 'decoded', without both. Google documents
   * neither. Both are reported, and a client must handle both.
   */
  spelling: HeaderSpelling;
  /** Whether Gmail is turned on for the account. */
  hasMail: boolean;
  /** The number of parts of a batch that are answered. Every second one of the others receives 429. */
  batchWidth: number;
  readonly pageTokens: PageTokens;
  readonly historyLabels: HistoryLabels;
  /** Whether sending keeps the Message-ID. Reports differ (FlowCrypt/flowcrypt-browser#4273, gauteh/lieer#198). */
  sentMessageId: NonNullable<Sending['messageId']>;
}

/** The settings with which new accounts begin. */
interface Defaults {
  readonly spelling: HeaderSpelling;
  readonly batchWidth: number;
  readonly subjectThreads: SubjectThreads;
  readonly pageTokens: PageTokens;
  readonly historyLabels: HistoryLabels;
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

  /** Returns the account that receives mail to this address, which may be one of its aliases. */
  recipient(address: string): Account | undefined {
    return this.find(address) ?? [...this.#accounts.values()].find((account) => sendsAs(account, address));
  }

  /** Returns an account for the control API. Throws when there is none. */
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
      pageTokens: this.#defaults.pageTokens,
      historyLabels: this.#defaults.historyLabels,
      hasMail: true,
      sentMessageId: 'original',
    };
    account.mailbox.threading.bySubject = this.#defaults.subjectThreads;
    this.#accounts.set(account.address, account);
  }
}

/** Returns whether the account may use the address in From. */
export function sendsAs({ sendAs }: Account, address: string | null): boolean {
  const wanted = address?.toLowerCase();
  return sendAs.some((entry) => entry.address === wanted && entry.verificationStatus !== 'pending');
}
