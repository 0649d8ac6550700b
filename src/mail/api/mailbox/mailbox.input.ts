import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { IntegrationType } from '../../../accounts/api/integration/integration.type.ts';
import { MailboxKindEnum } from '../../../accounts/api/integration/mailbox-kind.enum.ts';
import type { Mailbox, MailboxKind } from '../../../domain/mailbox.ts';
import { UserError } from '../../../graphql/errors/user-error.type.ts';
import { ListSizeHint } from '../../../graphql/list-size.ts';
import type { MailAccount } from '../../account/mail-account.ts';
import type { MailboxUpdate, NewMailbox } from '../../organise/mailbox-changes.ts';
import { MailboxType } from './mailbox.type.ts';

const COLOR = 'A colour in CSS hexadecimal notation, #rrggbb. The nearest colour that the provider has is used.';

@InputType({
  description:
    'The input of `createMailbox`: a folder or label to create. `Capabilities.mailboxes` says what the account supports.',
})
export class CreateMailboxInput implements NewMailbox {
  @Field(() => ID, { description: 'The account to create it in.' })
  integration!: string;

  @Field(() => String, { description: 'The name, without the names of its parents.' })
  name!: string;

  @Field(() => MailboxKindEnum, {
    nullable: true,
    description: 'Default: the first kind in `Capabilities.mailboxes.create`.',
  })
  kind?: MailboxKind | null;

  @Field(() => ID, { nullable: true, description: 'The parent mailbox, of the same kind. Default: the top level.' })
  parent?: string | null;

  @Field(() => String, { nullable: true, description: COLOR })
  color?: string | null;
}

@InputType({
  description: 'The input of `updateMailbox`: the changes to a mailbox. Fields that are left out are not changed.',
})
export class UpdateMailboxInput implements MailboxUpdate {
  @Field(() => ID, { description: 'A mailbox that the user created. System mailboxes cannot be changed.' })
  mailbox!: string;

  @Field(() => String, { nullable: true, description: 'The new name.' })
  name?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The new parent. All mailboxes inside it are moved too. Null: the top level.',
  })
  parent?: string | null;

  @Field(() => String, { nullable: true, description: `${COLOR} Null: removes the colour.` })
  color?: string | null;
}

@InputType({ description: 'The input of `deleteMailbox`: the mailbox to delete.' })
export class MailboxInput {
  @Field(() => ID, { description: 'The id of the mailbox.' })
  mailbox!: string;
}

@ObjectType({ simpleResolvers: true, description: 'The outcome of `createMailbox` and `updateMailbox`.' })
export class MailboxPayload {
  @Field(() => MailboxType, {
    nullable: true,
    description: 'The mailbox as it is now. Null when there are userErrors: then nothing was changed.',
  })
  readonly mailbox: MailboxType | null;

  @ListSizeHint({ assumed: 1 })
  @Field(() => [UserError], {
    description: 'What is wrong with the input. The code is UNSUPPORTED for what this account cannot do.',
  })
  readonly userErrors: readonly UserError[];

  constructor(mailbox: MailboxType | null, userErrors: readonly UserError[] = []) {
    this.mailbox = mailbox;
    this.userErrors = userErrors;
  }
}

@ObjectType({ simpleResolvers: true, description: 'The outcome of `deleteMailbox`.' })
export class DeleteMailboxPayload {
  @Field(() => MailboxType, {
    nullable: true,
    description:
      'The mailbox as it is now, if it still exists: the provider has moved it to the trash. Null when it no longer exists, and when it could not be read after the deletion.',
  })
  readonly mailbox: MailboxType | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'The id of the mailbox when it no longer exists, so that you can remove it from your cache. Null when it still exists, for example in the trash. After the removal, cached lists in `Message.mailboxes` and `Thread.mailboxes` can contain null in its place (in Relay they do). Ignore such a null: it disappears when you read the list again.',
  })
  readonly deleted: string | null;

  @Field(() => IntegrationType, {
    nullable: true,
    description:
      'The account that contained it, so that you can read the changed lists in the same request. Null when there are userErrors.',
  })
  readonly integration: IntegrationType | null;

  @ListSizeHint({ assumed: 1 })
  @Field(() => [UserError], {
    description: 'What is wrong with the input. When there are errors, nothing was deleted.',
  })
  readonly userErrors: readonly UserError[];

  constructor(
    done: { readonly account: MailAccount; readonly kept: Mailbox | null; readonly deleted: string | null } | null,
    userErrors: readonly UserError[] = [],
  ) {
    this.mailbox = done?.kept ? new MailboxType(done.account, done.kept) : null;
    this.deleted = done?.deleted ?? null;
    this.integration = done && new IntegrationType(done.account.integration);
    this.userErrors = userErrors;
  }
}
