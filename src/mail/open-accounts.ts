import type { Context } from '../graphql/context.ts';
import type { MailAccount } from './account.ts';
import type { MailOf } from './api/mail-of.ts';
import type { ViewerMails } from './viewer-mail.ts';

/** The accounts of a context's viewer, for what does not take a ViewerMail yet. */
export class OpenAccounts {
  constructor(
    private readonly mailOf: MailOf,
    private readonly mails: ViewerMails,
  ) {}

  find(context: Context, integrationId: string): Promise<MailAccount | null> {
    return this.mailOf(context).find(integrationId);
  }

  owned(userId: string, integrationId: string): Promise<MailAccount | null> {
    return this.mails.owned(userId, integrationId);
  }
}
