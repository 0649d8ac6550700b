import type { DatedRead, ReadState } from '../domain/dated-read.ts';
import type { AccountLog } from './account-log.ts';

interface DatedAccount {
  /** Identifies the account and the grant under which it is read. */
  readonly key: string;
  readonly log: Pick<AccountLog, 'isCurrent' | 'confirm'>;
  /** Called when somebody asks whether a read still holds, so that the account is followed on. */
  readonly used: () => void;
}

/** The state of one account between two of its changes. */
class AccountRead implements DatedRead {
  hasChanged = false;

  constructor(private readonly account: DatedAccount) {}

  get key(): string {
    return this.account.key;
  }

  get state(): ReadState {
    if (this.hasChanged) return 'changed';
    this.account.used();
    return this.account.log.isCurrent ? 'unchanged' : 'unconfirmed';
  }

  async confirm(): Promise<'unchanged' | 'changed'> {
    if (!this.hasChanged) await this.account.log.confirm();
    return this.state === 'unchanged' ? 'unchanged' : 'changed';
  }

  end(): void {
    this.hasChanged = true;
  }
}

/**
 * Dates what is read of one account. All reads between two changes of the account have the same date, whatever they read: a
 * change of one message ends the date of everything, because it may be in any list, thread or count.
 */
export class AccountDates {
  private latest: AccountRead;

  constructor(private readonly account: DatedAccount) {
    this.latest = new AccountRead(account);
  }

  /** The date of a read that begins now. */
  get current(): DatedRead {
    return this.latest;
  }

  /** Something of the account has changed, or may have. */
  changed(): void {
    this.latest.end();
    this.latest = new AccountRead(this.account);
  }
}
