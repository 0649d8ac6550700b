import type { AccountHandle } from '../../../src/accounts/handles/account-handle.ts';
import type { AccountHandles } from '../../../src/accounts/handles/account-handles.ts';
import type { MailSession } from '../../../src/providers/contract/mail-session.ts';

/** Creates the gateway's own handles over sessions that have only the methods that a test passes. */
export const handlesOf = (
  session: (integrationId: string) => Partial<MailSession>,
): Pick<AccountHandles, 'internal'> => ({
  internal: async (id) => ({ integration: { id }, session: async () => session(id) }) as unknown as AccountHandle,
});
