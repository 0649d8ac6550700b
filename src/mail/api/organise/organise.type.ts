import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { IntegrationType } from '../../../accounts/api/integration/integration.type.ts';
import { Problem } from '../../../graphql/errors/problem.type.ts';
import { UserError } from '../../../graphql/errors/user-error.type.ts';
import { ListSizeHint } from '../../../graphql/list-size.ts';
import { Node } from '../../../graphql/node.ts';

/** The maximum number of messages and threads in one mutation. */
export const MAX_IDS = 1_000;
const IDS = `The ids of messages and threads, at most ${MAX_IDS}, of any of your accounts. For a thread, the change is made to all of its messages that it applies to.`;

@InputType({ description: 'The messages and threads to change.' })
export class MessagesInput {
  @Field(() => [ID], { description: IDS })
  ids!: string[];
}

@InputType({
  description: 'The messages and threads to change, and the changes. Fields that are left out are not changed.',
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
    description: "Labels to add, of the message's account. A folder in this list moves the message to it.",
  })
  addMailboxes?: string[] | null;

  @Field(() => [ID], { nullable: true, description: 'Labels to remove.' })
  removeMailboxes?: string[] | null;
}

@InputType({ description: 'The messages and threads to move, and the target mailbox.' })
export class MoveMessagesInput extends MessagesInput {
  @Field(() => ID, {
    nullable: true,
    description:
      'The mailbox to move out of. If it is a label, that label is removed. Of a thread, only the messages in this mailbox are moved. Default: the inbox.',
  })
  from?: string | null;

  @Field(() => ID, {
    description:
      "The target folder or label. In an account whose messages are in folders, a label is added and the message stays in its folder. Messages of other accounts than the target's are not moved, and their results have a problem.",
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
      'The Message or Thread as it is now. Null when it was deleted permanently, and when it could not be changed or read: then `problem` says why.',
  })
  readonly node!: Node | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'The id when `deleteForever` has deleted the object, so that you can remove it from your cache. Otherwise null.',
  })
  readonly deleted!: string | null;

  @Field(() => IntegrationType, {
    nullable: true,
    description:
      'The account of the message or thread. After a deletion, use it to read the changed counts of its mailboxes. Null when the id belongs to no account of yours.',
  })
  readonly integration!: IntegrationType | null;

  @Field(() => Problem, {
    nullable: true,
    description:
      'Why the message or thread was not changed, or could not be read after the change: `message` says which. Of a thread, some messages may have been changed. Null when the change succeeded.',
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
