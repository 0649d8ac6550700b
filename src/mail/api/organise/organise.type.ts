import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { IntegrationType } from '../../../accounts/integrations/integration.type.ts';
import { Sized } from '../../../graphql/list-size.ts';
import { Node } from '../../../graphql/node.ts';
import { Problem } from '../../../graphql/problem.type.ts';
import { UserError } from '../../../graphql/user-error.type.ts';

/** How many messages and threads one mutation takes. */
export const MAX_IDS = 1_000;
const IDS = `Messages and threads, at most ${MAX_IDS}, of any accounts. A thread stands for those of its messages that the change is meant for.`;

@InputType({ description: 'What to change.' })
export class IdsInput {
  @Field(() => [ID], { description: IDS })
  ids!: string[];
}

@InputType({ description: 'What to change, and how. Fields left out stay as they are.' })
export class UpdateMessagesInput extends IdsInput {
  @Field(() => Boolean, { nullable: true, description: 'Mark as read, or (false) as unread.' })
  isRead?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'Star or flag, or (false) take it off.' })
  isStarred?: boolean | null;

  @Field(() => Boolean, { nullable: true, description: 'Mark as important, or (false) not.' })
  isImportant?: boolean | null;

  @Field(() => [ID], {
    nullable: true,
    description: 'Labels to put on, in the account of the message. A folder here moves the message into it.',
  })
  addMailboxes?: string[] | null;

  @Field(() => [ID], { nullable: true, description: 'Labels to take off.' })
  removeMailboxes?: string[] | null;
}

@InputType({ description: 'What to move, and where to.' })
export class MoveMessagesInput extends IdsInput {
  @Field(() => ID, {
    nullable: true,
    description:
      'The mailbox to leave: matters for labels, and of a thread only what lies in it is moved. Left out: the inbox.',
  })
  from?: string | null;

  @Field(() => ID, {
    description:
      'A folder or label. A label of an account that files in folders is put on, and the message stays in its folder. Messages of other accounts than its own are not moved; their results say so.',
  })
  to!: string;
}

@ObjectType({ simpleResolvers: true, description: 'What became of one of the ids.' })
export class UpdateResult {
  // Not `id`: stores of clients take that of any object for its own, and this is the id of the message or thread.
  @Field(() => ID, { description: 'The id of the message or thread, as it was given.' })
  readonly target!: string;

  @Field(() => Node, {
    nullable: true,
    description:
      'The Message or Thread as it is now; null when problem says why not, and when it was deleted for ever.',
  })
  readonly node!: Node | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The id again when deleteForever has deleted it, for taking it out of a store; else null.',
  })
  readonly deleted!: string | null;

  @Field(() => IntegrationType, {
    nullable: true,
    description:
      'The account that it is or was in: where it was deleted, for reading what its mailboxes are left with. Null when the id is of no account of yours.',
  })
  readonly integration!: IntegrationType | null;

  @Field(() => Problem, {
    nullable: true,
    description:
      'Why this one was not changed, or, as its message then says, could not be read afterwards. A thread may have been changed in part.',
  })
  readonly problem!: Problem | null;
}

@ObjectType({
  simpleResolvers: true,
  description: 'An answer for each id; one that fails takes nothing from the others.',
})
export class UpdateMessagesPayload {
  @Sized({ parentArgument: 'input.ids' })
  @Field(() => [UpdateResult], { description: 'In the order of the ids.' })
  readonly results: readonly UpdateResult[];

  @Sized({ assumed: 1 })
  @Field(() => [UserError], { description: 'What is wrong with the input as a whole; then nothing was changed.' })
  readonly userErrors: readonly UserError[];

  constructor(results: readonly UpdateResult[], userErrors: readonly UserError[] = []) {
    this.results = results;
    this.userErrors = userErrors;
  }
}
