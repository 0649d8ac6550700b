import type { MailSession } from '../../providers/contract/mail-session.ts';
import type { Capabilities } from '../../providers/contract/provider.ts';
import type { IntegrationRecord } from '../integrations/integration.ts';

/**
 * One connected account, as the rooms above see it. Only AccountHandles makes handles, and only for a principal who may use
 * the account, so code that has a handle needs no further check.
 */
export interface AccountHandle {
  readonly integration: IntegrationRecord;
  /**
   * Handles with the same key give the same rights in the same account, so what was read through one of them may be shown
   * to a caller who has another.
   */
  readonly sharingKey: string;
  /** What the account can do. Reading it makes no request. */
  readonly capabilities: Capabilities;
  /**
   * Returns the open session of the account, which all callers share. Call it for each use and do not keep the session,
   * because it is closed after a while without use. Throws RECONNECT_REQUIRED or NOT_FOUND. It makes no request.
   */
  session(): Promise<MailSession>;
}
