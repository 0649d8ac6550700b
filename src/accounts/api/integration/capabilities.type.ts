import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { MailboxKind, MailboxRole } from '../../../domain/mailbox.ts';
import type { Capabilities } from '../../../providers/contract/provider.ts';
import { MailboxKindEnum } from './mailbox-kind.enum.ts';
import { MailboxRoleEnum } from './mailbox-role.enum.ts';

const MailboxesPerMessageEnum = { ONE: 'ONE', MANY: 'MANY' } as const;
registerEnumType(MailboxesPerMessageEnum, {
  name: 'MailboxesPerMessage',
  description: 'Whether a message is in one mailbox or in several.',
  valuesConfig: {
    ONE: { description: 'Folders: a message is in exactly one, and is filed by moving it.' },
    MANY: { description: 'Labels: a message can have none, one or several.' },
  },
});

const PushKindEnum = { WEBHOOK: 'WEBHOOK', HELD: 'HELD', POLL: 'POLL' } as const;
registerEnumType(PushKindEnum, {
  name: 'PushKind',
  description: 'How the gateway learns of new mail, which decides how soon you receive events.',
  valuesConfig: {
    WEBHOOK: { description: 'By notifications (webhooks) from the provider: within seconds.' },
    HELD: { description: 'Over a connection to the provider that is kept open: within seconds.' },
    POLL: {
      description: "By polling: within as many seconds as the gateway's setting POLL_SECONDS says (60 by default).",
    },
  },
});

@ObjectType('MailboxCapabilities', {
  simpleResolvers: true,
  description:
    'Which operations the account supports for which kind of mailbox. For a kind that is not listed, the operation is refused with UNSUPPORTED.',
})
class MailboxCapabilitiesType {
  @Field(() => [MailboxKindEnum], {
    description: 'The kinds that `createMailbox` can create. The first is the default.',
  })
  readonly create!: readonly MailboxKind[];

  @Field(() => [MailboxKindEnum], { description: 'The kinds that can be renamed.' })
  readonly rename!: readonly MailboxKind[];

  @Field(() => [MailboxKindEnum], { description: 'The kinds that can be inside another mailbox of the same kind.' })
  readonly nest!: readonly MailboxKind[];

  @Field(() => [MailboxKindEnum], { description: 'The kinds that can have a colour.' })
  readonly color!: readonly MailboxKind[];
}

@ObjectType('Capabilities', {
  simpleResolvers: true,
  description: 'What an account can do. Decide by these fields, and not by which provider the account belongs to.',
})
export class CapabilitiesType {
  @Field(() => MailboxesPerMessageEnum, {
    description: 'Whether a message is in one mailbox (show folders) or can be in several (show labels).',
  })
  readonly mailboxesPerMessage: Capabilities['mailboxesPerMessage'];

  @Field(() => Boolean, {
    description:
      'True when the provider groups messages into threads. False when the gateway derives threads from the References headers.',
  })
  readonly nativeThreads: boolean;

  @Field(() => PushKindEnum, { description: 'How the gateway learns of new mail in this account.' })
  readonly push: Capabilities['push'];

  @Field(() => Int, {
    description: 'The limit for the total size of all attachments of one message, in bytes before encoding.',
  })
  readonly maxAttachmentBytes: number;

  @Field(() => [MailboxRoleEnum], {
    description:
      'The roles that a mailbox of this account can have. `MessageFilter.role` also accepts every other role: MailboxRole says which messages it matches.',
  })
  readonly roles: readonly MailboxRole[];

  @Field(() => MailboxCapabilitiesType, { description: 'Which kinds of mailboxes can be created and changed.' })
  readonly mailboxes: MailboxCapabilitiesType;

  constructor(capabilities: Capabilities) {
    this.mailboxesPerMessage = capabilities.mailboxesPerMessage;
    this.nativeThreads = capabilities.nativeThreads;
    this.push = capabilities.push;
    this.maxAttachmentBytes = capabilities.maxAttachmentBytes;
    this.roles = capabilities.roles;
    this.mailboxes = capabilities.mailboxes;
  }
}
