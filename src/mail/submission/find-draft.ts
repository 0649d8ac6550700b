import { isUnreadable, type MailSession } from '../../providers/provider.ts';
import type { ProviderCalls } from './provider-calls.ts';

/** As many of the newest drafts as are looked through. */
const NEWEST = 50;

/** The draft with this Message-ID, among the newest: one that was saved, though nobody lived to note its id. */
export async function findDraft(
  session: MailSession,
  internetMessageId: string,
  calls: ProviderCalls,
): Promise<string | null> {
  if (internetMessageId === '') return null;
  const { items } = await calls.run('ask', (call) => session.listDrafts({ size: NEWEST, after: null }, call));
  const found = items.find((item) => !isUnreadable(item) && item.message.internetMessageId === internetMessageId);
  return found?.id ?? null;
}
