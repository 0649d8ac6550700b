import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { IntegrationType } from '../../../accounts/api/integration/integration.type.ts';
import { MailError } from '../../../domain/error.ts';
import { accountId } from '../../../domain/global-id.ts';
import type { Context } from '../../../graphql/context.ts';
import { problemOf } from '../../../graphql/errors/problem.type.ts';
import { UserError } from '../../../graphql/errors/user-error.type.ts';
import { requireListSize } from '../../../graphql/limits.ts';
import type { Patch } from '../../../providers/contract/mail-session.ts';
import type { MailAccount } from '../../account/mail-account.ts';
import {
  ARCHIVE,
  DELETE_FOREVER,
  MARK_JUNK,
  type MessageChange,
  moving,
  NOT_JUNK,
  patching,
  TRASH,
  UNTRASH,
} from '../../organise/change.ts';
import type { ChangeMessages, ChangeOutcome } from '../../organise/message-changes.ts';
import type { MailOf } from '../mail-of.ts';
import { MessageType } from '../message/message.type.ts';
import { ThreadType } from '../thread/thread.type.ts';
import {
  MAX_IDS,
  MessagesInput,
  MoveMessagesInput,
  UpdateMessagesInput,
  UpdateMessagesPayload,
} from './organise.type.ts';

@Resolver()
export class OrganiseResolver {
  constructor(
    readonly mailOf: MailOf,
    readonly changeMessages: ChangeMessages,
  ) {}

  @Mutation(() => UpdateMessagesPayload, {
    description:
      'Changes the flags of messages (read, starred, important), and adds and removes labels. Repeating the call has no further effect.',
  })
  async updateMessages(
    @Arg('input', () => UpdateMessagesInput, { description: 'The messages, and the changes.' })
    input: UpdateMessagesInput,
    @Ctx() context: Context,
  ): Promise<UpdateMessagesPayload> {
    const userErrors = [
      ...mailboxErrors('addMailboxes', input.addMailboxes),
      ...mailboxErrors('removeMailboxes', input.removeMailboxes),
    ];
    if (userErrors.length > 0) return new UpdateMessagesPayload([], userErrors);
    const flags = flagsOf(input);
    if (Object.keys(flags).length === 0 && !input.addMailboxes?.length && !input.removeMailboxes?.length) {
      const all = 'isRead, isStarred, isImportant, addMailboxes or removeMailboxes';
      return new UpdateMessagesPayload([], [new UserError('INVALID', `Give at least one change: ${all}.`)]);
    }
    const patch = (account: MailAccount) => ({
      ...flags,
      ...(input.addMailboxes?.length && { addMailboxIds: ownMailboxes(account, input.addMailboxes) }),
      ...(input.removeMailboxes?.length && { removeMailboxIds: ownMailboxes(account, input.removeMailboxes) }),
    });
    return this.change(context, input.ids, patching(patch));
  }

  @Mutation(() => UpdateMessagesPayload, {
    description:
      'Moves messages to a folder, or replaces one label by another. For a thread without `from`: drafts, and messages in the trash or junk, stay where they are. Sent messages stay in the sent mailbox if it is a folder (Outlook). Messages that you sent to others are never moved to the inbox.',
  })
  async moveMessages(
    @Arg('input', () => MoveMessagesInput, { description: 'The messages, and the target mailbox.' }) {
      ids,
      from,
      to,
    }: MoveMessagesInput,
    @Ctx() context: Context,
  ): Promise<UpdateMessagesPayload> {
    const userErrors = [...mailboxErrors('to', [to]), ...mailboxErrors('from', from == null ? [] : [from])];
    if (userErrors.length > 0) return new UpdateMessagesPayload([], userErrors);
    const fromId = from == null ? null : accountId(from, 'Mailbox').providerId;
    const patch = (account: MailAccount) => {
      const [mailboxId = ''] = ownMailboxes(account, [to]);
      const [fromMailboxId = null] = from == null ? [] : ownMailboxes(account, [from]);
      return { moveTo: { mailboxId, fromMailboxId } };
    };
    return this.change(context, ids, moving(patch, { from: fromId, to: accountId(to, 'Mailbox').providerId }));
  }

  @Mutation(() => UpdateMessagesPayload, {
    description:
      'Moves messages from the inbox to the archive. Messages that are not in the inbox, also those of a thread, stay where they are.',
  })
  archive(
    @Arg('input', () => MessagesInput, { description: 'The messages and threads to archive.' }) { ids }: MessagesInput,
    @Ctx() context: Context,
  ): Promise<UpdateMessagesPayload> {
    return this.change(context, ids, ARCHIVE);
  }

  @Mutation(() => UpdateMessagesPayload, {
    description: 'Moves messages to the trash. The provider deletes them permanently after some time.',
  })
  trash(
    @Arg('input', () => MessagesInput, { description: 'The messages and threads to move to the trash.' }) {
      ids,
    }: MessagesInput,
    @Ctx() context: Context,
  ): Promise<UpdateMessagesPayload> {
    return this.change(context, ids, TRASH);
  }

  @Mutation(() => UpdateMessagesPayload, {
    description:
      'Moves messages out of the trash: drafts to the drafts mailbox, messages that the user sent to the sent mailbox, all others to the inbox. Messages that are not in the trash stay where they are.',
  })
  untrash(
    @Arg('input', () => MessagesInput, { description: 'The messages and threads to move out of the trash.' }) {
      ids,
    }: MessagesInput,
    @Ctx() context: Context,
  ): Promise<UpdateMessagesPayload> {
    return this.change(context, ids, UNTRASH);
  }

  @Mutation(() => UpdateMessagesPayload, {
    description:
      'Moves messages to the junk mailbox. The provider may train its spam filter with them. Of a thread, drafts, sent messages and messages in the trash stay where they are.',
  })
  markJunk(
    @Arg('input', () => MessagesInput, { description: 'The messages and threads to move to the junk mailbox.' }) {
      ids,
    }: MessagesInput,
    @Ctx() context: Context,
  ): Promise<UpdateMessagesPayload> {
    return this.change(context, ids, MARK_JUNK);
  }

  @Mutation(() => UpdateMessagesPayload, {
    description:
      'Moves messages out of the junk mailbox: drafts to the drafts mailbox, messages that the user sent to the sent mailbox, all others to the inbox. Messages that are not in the junk mailbox stay where they are.',
  })
  notJunk(
    @Arg('input', () => MessagesInput, { description: 'The messages and threads to move out of the junk mailbox.' }) {
      ids,
    }: MessagesInput,
    @Ctx() context: Context,
  ): Promise<UpdateMessagesPayload> {
    return this.change(context, ids, NOT_JUNK);
  }

  @Mutation(() => UpdateMessagesPayload, {
    description:
      'Permanently deletes messages, without moving them to the trash. This cannot be undone. The problem of an id has the code FORBIDDEN unless its account is connected with access FULL, and NOT_FOUND when the message no longer exists.',
  })
  deleteForever(
    @Arg('input', () => MessagesInput, { description: 'The messages and threads to delete permanently.' }) {
      ids,
    }: MessagesInput,
    @Ctx() context: Context,
  ): Promise<UpdateMessagesPayload> {
    return this.change(context, ids, DELETE_FOREVER);
  }

  private async change(
    context: Context,
    ids: readonly string[],
    change: MessageChange,
  ): Promise<UpdateMessagesPayload> {
    const mail = this.mailOf(context);
    requireListSize('ids', ids, MAX_IDS);
    const outcomes = await this.changeMessages(mail, ids, change);
    return new UpdateMessagesPayload(
      outcomes.map((outcome) => {
        const { id, account, error } = outcome;
        const node = nodeOf(outcome);
        return {
          target: id,
          node,
          deleted: node || error ? null : id,
          integration: account && new IntegrationType(account.integration),
          problem: error ? problemOf(error, context.log) : null,
        };
      }),
    );
  }
}

function flagsOf({
  isRead,
  isStarred,
  isImportant,
}: UpdateMessagesInput): Pick<Patch, 'isRead' | 'isStarred' | 'isImportant'> {
  return {
    ...(typeof isRead === 'boolean' && { isRead }),
    ...(typeof isStarred === 'boolean' && { isStarred }),
    ...(typeof isImportant === 'boolean' && { isImportant }),
  };
}

function mailboxErrors(field: string, ids: readonly string[] | null | undefined): UserError[] {
  requireListSize(field, ids ?? []);
  return (ids ?? []).flatMap((id) => {
    try {
      accountId(id, 'Mailbox');
      return [];
    } catch (error) {
      return [new UserError('BAD_USER_INPUT', (error as Error).message, ['input', field])];
    }
  });
}

function ownMailboxes(account: MailAccount, ids: readonly string[]): string[] {
  return ids.map((id) => {
    const { integrationId, providerId } = accountId(id, 'Mailbox');
    if (integrationId === account.id) return providerId;
    throw new MailError(
      'INVALID',
      `The mailbox is in another account than this message, which is in ${account.integration.address}.`,
    );
  });
}

function nodeOf({ account, message, thread }: ChangeOutcome): MessageType | ThreadType | null {
  if (account && message) return new MessageType(account, message);
  return account && thread && new ThreadType(account, thread.id, thread);
}
