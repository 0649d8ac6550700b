import type { MailSession } from '../../providers/contract/mail-session.ts';
import type { Capabilities } from '../../providers/contract/provider.ts';
import type { IntegrationRecord } from '../integrations/integration.ts';

/**
 * One connected account, as the rooms above see it. It is made in AccountHandles alone, for somebody who may use the account,
 * so what has one needs to ask no more whether that is so.
 */
export interface AccountHandle {
  readonly integration: IntegrationRecord;
  /** What the account can do; asks nobody. */
  readonly capabilities: Capabilities;
  /**
   * The account's open session, which everyone shares. To be asked for with each use and not kept: it is closed after a while
   * without one. Throws RECONNECT_REQUIRED or NOT_FOUND; asks no provider.
   */
  session(): Promise<MailSession>;
}
