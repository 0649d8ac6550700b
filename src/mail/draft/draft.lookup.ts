import { MailError } from '../../domain/error.ts';
import { accountId } from '../../domain/global-id.ts';
import type { Context } from '../../graphql/context.ts';
import type { Account } from '../account.ts';
import type { OpenAccounts } from '../open-accounts.ts';

/** Where a draft lies: its account, and the provider's id of it. Asks no provider. */
export interface DraftLocation {
  readonly account: Account;
  readonly draftId: string;
}

/** Throws BAD_USER_INPUT for what is no id of a draft, NOT_FOUND for one of somebody else's. */
export async function locateDraft(accounts: OpenAccounts, context: Context, id: string): Promise<DraftLocation> {
  const { integrationId, providerId } = accountId(id, 'Draft');
  const account = await accounts.find(context, integrationId);
  if (!account) throw noSuchDraft();
  return { account, draftId: providerId };
}

export const noSuchDraft = (): MailError =>
  new MailError('NOT_FOUND', 'There is no such draft: it was sent or deleted, or is not yours.');
