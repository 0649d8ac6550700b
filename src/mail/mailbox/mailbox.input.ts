import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { MailboxKindEnum } from '../../accounts/mailbox-kind.enum.ts';
import type { MailboxKind } from '../../domain/mailbox.ts';
import { Sized } from '../../graphql/list-size.ts';
import { UserError } from '../../graphql/user-error.type.ts';
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
    description:
      'As it is now; after deleteMailbox as it was. Null when the input is at fault: then nothing was changed.',
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
