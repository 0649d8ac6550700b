import type { Context } from '../../graphql/context.ts';
import type { NodeRegistry } from '../../graphql/node.ts';
import type { MailAccount } from '../account/mail-account.ts';
import type { SubmissionStore } from '../submission/submission.store.ts';
import { DraftType } from './draft/draft.type.ts';
import type { MailOf } from './mail-of.ts';
import { MailboxType } from './mailbox/mailbox.type.ts';
import { orNull, readMessage } from './message/message.node.ts';
import { SubmissionType } from './submission/submission.type.ts';
import { ThreadType } from './thread/thread.type.ts';

/** Registers how the global ids of this room are read. */
export function registerMailNodes(nodes: NodeRegistry, mailOf: MailOf, submissions: SubmissionStore): void {
  const inAccount =
    <T>(read: (account: MailAccount, id: string) => Promise<T | null>) =>
    async (context: Context, [integrationId, id, ...more]: readonly string[]): Promise<T | null> => {
      if (!integrationId || !id || more.length > 0) return null;
      const account = await mailOf(context).find(integrationId);
      return account && read(account, id);
    };
  const dated = { isDated: true };
  nodes.register(
    'Message',
    (context, parts, info) => inAccount((account, id) => readMessage(account, id, info))(context, parts),
    dated,
  );
  nodes.register('Thread', inAccount(readThread), dated);
  nodes.register('Mailbox', inAccount(readMailbox), dated);
  nodes.register('Draft', inAccount(readDraft));
  // Its row is dated by the revision of the user.
  nodes.register(
    'Submission',
    async (context, [id]) => {
      const record = id ? await submissions.find(mailOf(context).userId, id) : null;
      const account = record && (await mailOf(context).find(record.integrationId));
      return account && record && new SubmissionType(account, record);
    },
    dated,
  );
}

const readThread = (account: MailAccount, id: string): Promise<ThreadType | null> =>
  orNull(async () => new ThreadType(account, id, await account.threads.load(id)));

async function readMailbox(account: MailAccount, id: string): Promise<MailboxType | null> {
  const mailbox = await account.mailboxes.named(id);
  return mailbox && new MailboxType(account, mailbox);
}

const readDraft = (account: MailAccount, id: string): Promise<DraftType | null> =>
  orNull(async () => new DraftType(account, await account.drafts.load(id)));
