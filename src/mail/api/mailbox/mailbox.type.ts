import { Field, ObjectType } from 'type-graphql';
import { MailboxKindEnum } from '../../../accounts/api/integration/mailbox-kind.enum.ts';
import { MailboxRoleEnum } from '../../../accounts/api/integration/mailbox-role.enum.ts';
import { encodeId } from '../../../domain/global-id.ts';
import type { Mailbox, MailboxKind, MailboxRole } from '../../../domain/mailbox.ts';
import { Node } from '../../../graphql/node.ts';
import type { MailAccount } from '../../account/mail-account.ts';

@ObjectType('Mailbox', {
  implements: Node,
  simpleResolvers: true,
  description: 'A folder or label of one account. Find a mailbox by its role, not by its name: names are localised.',
})
export class MailboxType extends Node {
  constructor(
    /** For field resolvers; not in the schema. */
    readonly account: MailAccount,
    readonly mailbox: Mailbox,
  ) {
    super(encodeId('Mailbox', account.id, mailbox.id));
  }

  /**
   * Returns one object for each mailbox of a request, because the messages of a page show the same few mailboxes hundreds
   * of times.
   */
  static of(account: MailAccount, mailbox: Mailbox): MailboxType {
    const known = account.views.get(mailbox) as MailboxType | undefined;
    if (known) return known;
    const type = new MailboxType(account, mailbox);
    account.views.set(mailbox, type);
    return type;
  }

  @Field(() => String, {
    description:
      'The name as the provider shows it, without the names of its parents. No provider announces a new name, so it may be up to five minutes old; `Cache-Control: no-cache` asks the provider.',
  })
  get name(): string {
    return this.mailbox.name;
  }

  @Field(() => MailboxKindEnum, {
    description: 'Whether it is a folder (a message in it is in no other folder) or a label.',
  })
  get kind(): MailboxKind {
    return this.mailbox.kind;
  }

  @Field(() => MailboxRoleEnum, {
    nullable: true,
    description:
      'What the mailbox is for (RFC 6154). Null for all other mailboxes, such as those that the user created.',
  })
  get role(): MailboxRole | null {
    return this.mailbox.role;
  }

  @Field(() => String, {
    nullable: true,
    description:
      'The colour in CSS hexadecimal notation, #rrggbb. Null when it has none, or the provider has no colours. No provider announces a new colour, so it may be up to five minutes old.',
  })
  get color(): string | null {
    return this.mailbox.color;
  }
}
