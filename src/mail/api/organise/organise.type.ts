import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { IntegrationType } from '../../../accounts/api/integration/integration.type.ts';
import { Problem } from '../../../graphql/errors/problem.type.ts';
import { UserError } from '../../../graphql/errors/user-error.type.ts';
import { ListSizeHint } from '../../../graphql/list-size.ts';
import { Node } from '../../../graphql/node.ts';

/** The maximum number of messages and threads in one mutation. */
export const MAX_IDS = 1_000;
const IDS = `The ids of messages and threads of any of your accounts, at most ${MAX_IDS}. A thread stands for all of its messages, or for those that the description of the mutation names.`;

@InputType({
  description:
    'The input of `archive`, `trash`, `untrash`, `markJunk`, `notJunk` and `deleteForever`: the messages and threads to change.',
})
export class MessagesInput {
  @Field(() => [ID], { description: IDS })
  ids!: string[];
}

@InputType({
  description:
    'The input of `updateMessages`: the messages and threads, and the changes. Fields that are left out are not changed.',
})
export class UpdateMessagesInput extends MessagesInput {
  @Field(() => Boolean, { nullable: true, description: 'True: mark as read. False: mark as unread.' })
  isRead?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'True: add the star or flag. False: remove it.' })
  isStarred?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'True: mark as important. False: remove the mark.' })
  isImportant?: boolean | null;

  @Field(() => [ID], {
    nullable: true,
    description:
      'The labels to add. They must be in the account of the message. If the list has a folder, the message is moved to it.',
  })
  addMailboxes?: string[] | null;

  @Field(() => [ID], { nullable: true, description: 'Labels to remove.' })
  removeMailboxes?: string[] | null;
}

@InputType({ description: 'The input of `moveMessages`: the messages and threads to move, and the target mailbox.' })
export class MoveMessagesInput extends MessagesInput {
  @Field(() => ID, {
    nullable: true,
    description:
      'The mailbox to move out of. If it is a label, the label is removed from the messages. Of a thread, only the messages in this mailbox are moved. Default: the label INBOX is removed (Gmail), and `moveMessages` says which messages of a thread are moved.',
  })
  from?: string | null;

  @Field(() => ID, {
    description:
      'The target folder or label. It must be in the account of the message: for a message of another account, the result has a problem and nothing is moved. In an account with folders (Outlook), a target that is a label is added, and the message stays in its folder.',
  })
  to!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The outcome for one id.' })
class UpdateResult {
  // The field is not called `id`, because client caches take `id` for the id of the result itself.
  @Field(() => ID, { description: 'The id of the message or thread, as it was given.' })
  readonly target!: string;

  @Field(() => Node, {
    nullable: true,
    description:
      'The Message or Thread as it is now. Null when it was deleted permanently. Also null when it could not be changed or read: then `problem` says why.',
  })
  readonly node!: Node | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'The id of the message or thread when `deleteForever` has deleted it, so that you can remove it from your cache. Otherwise null.',
  })
  readonly deleted!: string | null;

  @Field(() => IntegrationType, {
    nullable: true,
    description:
      'The account of the message or thread. After a deletion, read the counts of its mailboxes again: they have changed. Null when the id belongs to no account of yours.',
  })
  readonly integration!: IntegrationType | null;

  @Field(() => Problem, {
    nullable: true,
    description:
      'Why the message or thread was not changed, or could not be read after the change. `message` says which of the two. Some messages of a thread may have been changed nevertheless. Null when the change succeeded.',
  })
  readonly problem!: Problem | null;
}

@ObjectType({
  simpleResolvers: true,
  description: 'The outcome of a bulk change: one result for each id. A failure of one does not affect the others.',
})
export class UpdateMessagesPayload {
  @ListSizeHint({ parentArgument: 'input.ids' })
  @Field(() => [UpdateResult], { description: 'The results, in the order of the ids.' })
  readonly results: readonly UpdateResult[];

  @ListSizeHint({ assumed: 1 })
  @Field(() => [UserError], {
    description: 'What is wrong with the input as a whole. When there are errors, nothing was changed.',
  })
  readonly userErrors: readonly UserError[];

  constructor(results: readonly UpdateResult[], userErrors: readonly UserError[] = []) {
    this.results = results;
    this.userErrors = userErrors;
  }
}
