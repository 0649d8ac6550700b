import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { IntegrationType } from '../../../accounts/integrations/integration.type.ts';
import { MailboxKindEnum } from '../../../accounts/integrations/mailbox-kind.enum.ts';
import type { Mailbox, MailboxKind } from '../../../domain/mailbox.ts';
import { Sized } from '../../../graphql/list-size.ts';
import { UserError } from '../../../graphql/user-error.type.ts';
import type { Account } from '../../account.ts';
import { MailboxType } from './mailbox.type.ts';

const COLOR = 'CSS hex, #rrggbb; the nearest colour that the provider has is taken.';

@InputType({ description: 'A folder or label to make. What an account can do is in Capabilities.mailboxes.' })
export class CreateMailboxInput {
  @Field(() => ID, { description: 'The account to make it in.' })
  integration!: string;

  @Field(() => String, { description: 'Its name alone, without those of its parents.' })
  name!: string;

  @Field(() => MailboxKindEnum, {
    nullable: true,
    description: 'Left out: what people file under in this account, the first of Capabilities.mailboxes.create.',
  })
  kind?: MailboxKind | null;

  @Field(() => ID, { nullable: true, description: 'The mailbox of the same kind to make it in. Left out: at the top.' })
  parent?: string | null;

  @Field(() => String, { nullable: true, description: COLOR })
  color?: string | null;
}

@InputType({ description: 'What to change of a mailbox. Fields left out stay as they are.' })
export class UpdateMailboxInput {
  @Field(() => ID, { description: 'One of your own making: those of the system stay as they are.' })
  mailbox!: string;

  @Field(() => String, { nullable: true, description: 'Its new name.' })
  name?: string | null;

  @Field(() => ID, {
    nullable: true,
    description: 'The mailbox to put it in, with all that is inside it. Null: at the top.',
  })
  parent?: string | null;

  @Field(() => String, { nullable: true, description: `${COLOR} Null: none.` })
  color?: string | null;
}

@InputType({ description: 'Which mailbox.' })
export class MailboxInput {
  @Field(() => ID, { description: 'The mailbox.' })
  mailbox!: string;
}

@ObjectType({ simpleResolvers: true, description: 'What became of the mailbox.' })
export class MailboxPayload {
  @Field(() => MailboxType, {
    nullable: true,
    description: 'As it is now. Null when the input is at fault: then nothing was changed.',
  })
  readonly mailbox: MailboxType | null;

  @Sized({ assumed: 1 })
  @Field(() => [UserError], { description: 'What is wrong with the input; UNSUPPORTED: what this account cannot do.' })
  readonly userErrors: readonly UserError[];

  constructor(mailbox: MailboxType | null, userErrors: readonly UserError[] = []) {
    this.mailbox = mailbox;
    this.userErrors = userErrors;
  }
}

@ObjectType({ simpleResolvers: true, description: 'What became of the mailbox that was to be deleted.' })
export class DeleteMailboxPayload {
  @Field(() => MailboxType, {
    nullable: true,
    description:
      'As it is now, where the provider keeps it in the trash for a while. Null when it does not, and when it could not be read afterwards.',
  })
  readonly mailbox: MailboxType | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'Its id when there is no such mailbox any more, for taking it out of a store; else null. What a store has of Message.mailboxes and Thread.mailboxes may hold a null in its place until that is read again (in Relay it does).',
  })
  readonly deleted: string | null;

  @Field(() => IntegrationType, {
    nullable: true,
    description: 'The account that it was in, for reading what is left; null when there are userErrors.',
  })
  readonly integration: IntegrationType | null;

  @Sized({ assumed: 1 })
  @Field(() => [UserError], { description: 'What is wrong with the input; then nothing was deleted.' })
  readonly userErrors: readonly UserError[];

  constructor(
    done: { readonly account: Account; readonly kept: Mailbox | null; readonly deleted: string | null } | null,
    userErrors: readonly UserError[] = [],
  ) {
    this.mailbox = done?.kept ? new MailboxType(done.account, done.kept) : null;
    this.deleted = done?.deleted ?? null;
    this.integration = done && new IntegrationType(done.account.integration);
    this.userErrors = userErrors;
  }
}
