import { Field, ObjectType } from 'type-graphql';
import { MailboxKindEnum } from '../../../accounts/integrations/mailbox-kind.enum.ts';
import { MailboxRoleEnum } from '../../../accounts/integrations/mailbox-role.enum.ts';
import type { Mailbox, MailboxKind, MailboxRole } from '../../../domain/mailbox.ts';
import { encodeId } from '../../../graphql/global-id.ts';
import { Node } from '../../../graphql/node.ts';
import type { Account } from '../../account.ts';

const made = new WeakMap<Account, Map<Mailbox, MailboxType>>();

@ObjectType('Mailbox', {
  implements: Node,
  simpleResolvers: true,
  description: 'A folder or a label inside one account. Find it by its role, never by its name, which is localised.',
})
export class MailboxType extends Node {
  constructor(
    /** For field resolvers; not in the schema. */
    readonly account: Account,
    readonly mailbox: Mailbox,
  ) {
    super(encodeId('Mailbox', account.id, mailbox.id));
  }

  /** The same object for the same mailbox of a request: a page of messages shows the same few hundreds of times. */
  static of(account: Account, mailbox: Mailbox): MailboxType {
    const ofAccount = made.get(account) ?? new Map<Mailbox, MailboxType>();
    const type = ofAccount.get(mailbox) ?? new MailboxType(account, mailbox);
    made.set(account, ofAccount.set(mailbox, type));
    return type;
  }

  @Field(() => String, { description: 'As the provider shows it, without the names of its parents.' })
  get name(): string {
    return this.mailbox.name;
  }

  @Field(() => MailboxKindEnum, { description: 'Whether messages lie in it alone or also elsewhere.' })
  get kind(): MailboxKind {
    return this.mailbox.kind;
  }

  @Field(() => MailboxRoleEnum, { nullable: true, description: "What it is for; null for the user's own." })
  get role(): MailboxRole | null {
    return this.mailbox.role;
  }

  @Field(() => String, { nullable: true, description: 'CSS hex, #rrggbb; null where the provider has no colours.' })
  get color(): string | null {
    return this.mailbox.color;
  }
}
