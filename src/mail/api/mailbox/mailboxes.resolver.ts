import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { MailError } from '../../../domain/error.ts';
import { accountId, singleId } from '../../../domain/global-id.ts';
import type { Mailbox } from '../../../domain/mailbox.ts';
import type { Context } from '../../../graphql/context.ts';
import { userErrorOf } from '../../../graphql/errors/user-error.type.ts';
import { withErrorField, within } from '../../account/input-error.ts';
import type { MailAccount } from '../../account/mail-account.ts';
import type { ViewerMail } from '../../account/viewer-mail.ts';
import type { MailboxChanges, MailboxChangesOf } from '../../organise/mailbox-changes.ts';
import type { MailOf } from '../mail-of.ts';
import {
  CreateMailboxInput,
  DeleteMailboxPayload,
  MailboxInput,
  MailboxPayload,
  UpdateMailboxInput,
} from './mailbox.input.ts';
import { MailboxType } from './mailbox.type.ts';

@Resolver()
export class MailboxesResolver {
  constructor(
    readonly mailOf: MailOf,
    readonly mailboxChangesOf: MailboxChangesOf,
  ) {}

  @Mutation(() => MailboxPayload, { description: 'Creates a folder or label.' })
  createMailbox(
    @Arg('input', () => CreateMailboxInput, { description: 'The mailbox to create.' }) input: CreateMailboxInput,
    @Ctx() context: Context,
  ): Promise<MailboxPayload> {
    const target = () => ({ integrationId: singleId(input.integration, 'Integration'), providerId: '' });
    return this.change(context, 'integration', target, (changes) => changes.create(input));
  }

  @Mutation(() => MailboxPayload, { description: 'Changes the name, parent or colour of a mailbox.' })
  updateMailbox(
    @Arg('input', () => UpdateMailboxInput, { description: 'The mailbox, and the changes.' })
    input: UpdateMailboxInput,
    @Ctx() context: Context,
  ): Promise<MailboxPayload> {
    const target = () => accountId(input.mailbox, 'Mailbox');
    return this.change(context, 'mailbox', target, (changes, id) => changes.update(id, input));
  }

  @Mutation(() => DeleteMailboxPayload, {
    description:
      'Deletes a mailbox that the user created. Messages with a deleted label keep their other mailboxes. A deleted folder is moved, with its messages, to the trash. A folder that is already in the trash is refused with INVALID, because deleting it there would be permanent.',
  })
  async deleteMailbox(
    @Arg('input', () => MailboxInput, { description: 'The mailbox to delete.' }) input: MailboxInput,
    @Ctx() context: Context,
  ): Promise<DeleteMailboxPayload> {
    const mail = this.mailOf(context);
    const target = () => accountId(input.mailbox, 'Mailbox');
    try {
      const { account, id } = await withErrorField(['mailbox'], () => find(mail, 'mailbox', target));
      await this.mailboxChangesOf(account).delete(id);
      // The deletion has succeeded, so an error of this look-up does not fail the mutation.
      const kept = await account.mailboxes.find(id).catch(() => undefined);
      return new DeleteMailboxPayload({ account, kept: kept ?? null, deleted: kept === null ? input.mailbox : null });
    } catch (error) {
      return new DeleteMailboxPayload(null, [userErrorOf(within(['input'], error))]);
    }
  }

  private async change(
    context: Context,
    field: 'integration' | 'mailbox',
    target: () => { integrationId: string; providerId: string },
    work: (changes: MailboxChanges, id: string) => Promise<Mailbox>,
  ): Promise<MailboxPayload> {
    const mail = this.mailOf(context);
    try {
      const { account, id } = await withErrorField([field], () => find(mail, field, target));
      return new MailboxPayload(new MailboxType(account, await work(this.mailboxChangesOf(account), id)));
    } catch (error) {
      return new MailboxPayload(null, [userErrorOf(within(['input'], error))]);
    }
  }
}

async function find(
  mail: ViewerMail,
  what: string,
  target: () => { integrationId: string; providerId: string },
): Promise<{ account: MailAccount; id: string }> {
  const { integrationId, providerId } = target();
  const account = await mail.find(integrationId);
  if (!account) throw new MailError('NOT_FOUND', `There is no such ${what}.`);
  return { account, id: providerId };
}
