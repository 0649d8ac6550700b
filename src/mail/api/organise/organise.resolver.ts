import { GraphQLError } from 'graphql';
import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { IntegrationType } from '../../../accounts/integrations/integration.type.ts';
import { MailError } from '../../../domain/error.ts';
import type { Context } from '../../../graphql/context.ts';
import { accountId } from '../../../graphql/global-id.ts';
import { requireListSize } from '../../../graphql/limits.ts';
import { requirePrincipal } from '../../../graphql/principal.ts';
import { Problem, problemOf } from '../../../graphql/problem.type.ts';
import { UserError } from '../../../graphql/user-error.type.ts';
import type { Patch } from '../../../providers/contract/provider.ts';
import type { Account } from '../../account.ts';
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
import type { MessageChanges } from '../../organise/message-changes.ts';
import { IdsInput, MAX_IDS, MoveMessagesInput, UpdateMessagesInput, UpdateMessagesPayload } from './organise.type.ts';

@Resolver()
export class OrganiseResolver {
  constructor(readonly changes: MessageChanges) {}

  @Mutation(() => UpdateMessagesPayload, {
    description:
      'Marks messages as read, starred or important, and puts labels on and off. Repeating it changes nothing.',
  })
  async updateMessages(
    @Arg('input', () => UpdateMessagesInput, { description: 'Which, and what of them.' }) input: UpdateMessagesInput,
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
      return new UpdateMessagesPayload([], [new UserError('INVALID', `Say what to change: ${all}.`)]);
    }
    const patch = (account: Account) => ({
      ...flags,
      ...(input.addMailboxes?.length && { addMailboxIds: ownMailboxes(account, input.addMailboxes) }),
      ...(input.removeMailboxes?.length && { removeMailboxIds: ownMailboxes(account, input.removeMailboxes) }),
    });
    return this.change(context, input.ids, patching(patch));
  }

  @Mutation(() => UpdateMessagesPayload, {
    description:
      'Files messages: into a folder, or under a label instead of the one that they leave. Of a thread, what you wrote stays in the sent mail where that is a folder, and goes into no inbox.',
  })
  async moveMessages(
    @Arg('input', () => MoveMessagesInput, { description: 'Which, and where to.' }) {
      ids,
      from,
      to,
    }: MoveMessagesInput,
    @Ctx() context: Context,
  ): Promise<UpdateMessagesPayload> {
    const userErrors = [...mailboxErrors('to', [to]), ...mailboxErrors('from', from == null ? [] : [from])];
    if (userErrors.length > 0) return new UpdateMessagesPayload([], userErrors);
    const fromId = from == null ? null : accountId(from, 'Mailbox').providerId;
    const patch = (account: Account) => {
      const [mailboxId = ''] = ownMailboxes(account, [to]);
      const [fromMailboxId = null] = from == null ? [] : ownMailboxes(account, [from]);
      return { moveTo: { mailboxId, fromMailboxId } };
    };
    return this.change(context, ids, moving(patch, { from: fromId, to: accountId(to, 'Mailbox').providerId }));
  }

  @Mutation(() => UpdateMessagesPayload, {
    description: 'Takes messages out of the inbox and keeps them. What is not in the inbox stays where it is.',
  })
  archive(
    @Arg('input', () => IdsInput, { description: 'Which.' }) { ids }: IdsInput,
    @Ctx() context: Context,
  ): Promise<UpdateMessagesPayload> {
    return this.change(context, ids, ARCHIVE);
  }

  @Mutation(() => UpdateMessagesPayload, {
    description: 'Throws messages away; the provider deletes them for ever after a while.',
  })
  trash(
    @Arg('input', () => IdsInput, { description: 'Which.' }) { ids }: IdsInput,
    @Ctx() context: Context,
  ): Promise<UpdateMessagesPayload> {
    return this.change(context, ids, TRASH);
  }

  @Mutation(() => UpdateMessagesPayload, {
    description:
      'Takes messages out of the trash: drafts back among the drafts, what you sent among the sent mail, everything else into the inbox. What is not in the trash stays where it is.',
  })
  untrash(
    @Arg('input', () => IdsInput, { description: 'Which.' }) { ids }: IdsInput,
    @Ctx() context: Context,
  ): Promise<UpdateMessagesPayload> {
    return this.change(context, ids, UNTRASH);
  }

  @Mutation(() => UpdateMessagesPayload, {
    description: 'Moves messages to the junk, from which the provider learns. Of a thread, what others wrote.',
  })
  markJunk(
    @Arg('input', () => IdsInput, { description: 'Which.' }) { ids }: IdsInput,
    @Ctx() context: Context,
  ): Promise<UpdateMessagesPayload> {
    return this.change(context, ids, MARK_JUNK);
  }

  @Mutation(() => UpdateMessagesPayload, {
    description:
      'Takes messages out of the junk, into the inbox; drafts and what you sent go back to their own places. What is not in the junk stays where it is.',
  })
  notJunk(
    @Arg('input', () => IdsInput, { description: 'Which.' }) { ids }: IdsInput,
    @Ctx() context: Context,
  ): Promise<UpdateMessagesPayload> {
    return this.change(context, ids, NOT_JUNK);
  }

  @Mutation(() => UpdateMessagesPayload, {
    description:
      'Deletes messages past the trash: nobody brings them back. Needs an account that was connected with access FULL. One that was gone already is NOT_FOUND.',
  })
  deleteForever(
    @Arg('input', () => IdsInput, { description: 'Which.' }) { ids }: IdsInput,
    @Ctx() context: Context,
  ): Promise<UpdateMessagesPayload> {
    return this.change(context, ids, DELETE_FOREVER);
  }

  private async change(
    context: Context,
    ids: readonly string[],
    change: MessageChange,
  ): Promise<UpdateMessagesPayload> {
    requirePrincipal(context);
    requireListSize('ids', ids, MAX_IDS);
    const outcomes = await this.changes.apply(context, ids, change);
    return new UpdateMessagesPayload(
      outcomes.map(({ id, account, node, error }) => ({
        target: id,
        node,
        deleted: node || error ? null : id,
        integration: account && new IntegrationType(account.integration),
        problem: error ? itemProblem(error, context) : null,
      })),
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

function ownMailboxes(account: Account, ids: readonly string[]): string[] {
  return ids.map((id) => {
    const { integrationId, providerId } = accountId(id, 'Mailbox');
    if (integrationId === account.id) return providerId;
    throw new MailError(
      'INVALID',
      `The mailbox is in another account than this message, which is in ${account.integration.address}.`,
    );
  });
}

/** An id that is no id at all concerns its own item only. */
const itemProblem = (error: unknown, context: Context): Problem =>
  error instanceof GraphQLError ? new Problem('BAD_USER_INPUT', error.message) : problemOf(error, context.log);
