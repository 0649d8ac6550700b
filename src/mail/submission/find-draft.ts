import { accountId } from '../../domain/global-id.ts';
import { isUnreadable, type MailSession } from '../../providers/contract/provider.ts';
import type { Payloads } from './payload.ts';
import type { ProviderCalls } from './provider-calls.ts';
import type { SubmissionRecord } from './submission.ts';

/** As many of the newest drafts as are looked through. */
const MAX_DRAFTS = 50;

/** The draft with this Message-ID, among the newest: one that was saved, though nobody lived to note its id. */
export async function findDraft(
  session: MailSession,
  internetMessageId: string,
  calls: ProviderCalls,
): Promise<string | null> {
  if (internetMessageId === '') return null;
  const { items } = await calls.run('ask', (call) => session.listDrafts({ size: MAX_DRAFTS, after: null }, call));
  const found = items.find((item) => !isUnreadable(item) && item.message.internetMessageId === internetMessageId);
  return found?.id ?? null;
}

/** The draft that is there as long as it was not sent: the row's own, the one that it is a revision of, or one begun for it. */
export async function findBegun(
  { id, draftId, payload, internetMessageId }: SubmissionRecord,
  session: MailSession,
  payloads: Payloads,
  calls: ProviderCalls,
): Promise<string | null> {
  if (draftId !== null) return draftId;
  const opened = payload && payloads.open(id, payload);
  if (opened?.kind === 'message' && opened.input.draft) return accountId(opened.input.draft, 'Draft').providerId;
  return findDraft(session, internetMessageId, calls);
}
