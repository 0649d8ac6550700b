import type { AccountHandle } from '../../../src/accounts/handles/account-handle.ts';
import type { AccountHandles } from '../../../src/accounts/handles/account-handles.ts';
import type { MailSession } from '../../../src/providers/contract/provider.ts';

/** Handles of the gateway's own, over sessions that give the verbs which are called and no others. */
export const handlesOf = (
  session: (integrationId: string) => Partial<MailSession>,
): Pick<AccountHandles, 'internal'> => ({
  internal: async (id) => ({ integration: { id }, session: async () => session(id) }) as unknown as AccountHandle,
});
