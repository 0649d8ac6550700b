import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { MailboxKind, MailboxRole } from '../../domain/mailbox.ts';
import type { Capabilities } from '../../providers/contract/provider.ts';
import { MailboxKindEnum } from './mailbox-kind.enum.ts';
import { MailboxRoleEnum } from './mailbox-role.enum.ts';

const MailboxesPerMessageEnum = { ONE: 'ONE', MANY: 'MANY' } as const;
registerEnumType(MailboxesPerMessageEnum, {
  name: 'MailboxesPerMessage',
  description: 'Whether filing a message takes it away from where it was.',
  valuesConfig: {
    ONE: { description: 'Folders: moving is the only way to file.' },
    MANY: { description: 'Labels: a message can carry several, and none.' },
  },
});

const PushKindEnum = { WEBHOOK: 'WEBHOOK', HELD: 'HELD', POLL: 'POLL' } as const;
registerEnumType(PushKindEnum, {
  name: 'PushKind',
  description: 'How we learn of new mail, and so how soon you do.',
  valuesConfig: {
    WEBHOOK: { description: 'The provider calls us: seconds.' },
    HELD: { description: 'We hold a connection to the provider open: seconds.' },
    POLL: { description: "We ask now and then: up to the gateway's POLL_SECONDS." },
  },
});

@ObjectType('MailboxCapabilities', {
  simpleResolvers: true,
  description: 'What can be done with which kind of mailbox. A kind that a list leaves out is refused as UNSUPPORTED.',
})
export class MailboxCapabilitiesType {
  @Field(() => [MailboxKindEnum], { description: 'Kinds that createMailbox makes; the first when it names none.' })
  readonly create!: readonly MailboxKind[];

  @Field(() => [MailboxKindEnum], { description: 'Kinds whose name can be changed.' })
  readonly rename!: readonly MailboxKind[];

  @Field(() => [MailboxKindEnum], { description: 'Kinds that can lie inside another one of their kind.' })
  readonly nest!: readonly MailboxKind[];

  @Field(() => [MailboxKindEnum], { description: 'Kinds that have a colour.' })
  readonly color!: readonly MailboxKind[];
}

@ObjectType('Capabilities', {
  simpleResolvers: true,
  description: 'What an account can do. A front-end that asks this never has to ask which provider it is.',
})
export class CapabilitiesType {
  @Field(() => MailboxesPerMessageEnum, { description: 'ONE: show folders. MANY: show labels.' })
  readonly mailboxesPerMessage: Capabilities['mailboxesPerMessage'];

  @Field(() => Boolean, {
    description: 'The provider itself groups messages into threads; otherwise we derive them from References.',
  })
  readonly nativeThreads: boolean;

  @Field(() => PushKindEnum, { description: 'How new mail is noticed.' })
  readonly push: Capabilities['push'];

  @Field(() => Int, { description: 'What the attachments of one message may have together, in bytes before encoding.' })
  readonly maxAttachmentBytes: number;

  @Field(() => [MailboxRoleEnum], {
    description:
      'Roles that a mailbox can have. A filter takes every role: what it means where no mailbox has it is said at MailboxRole.',
  })
  readonly roles: readonly MailboxRole[];

  @Field(() => MailboxCapabilitiesType, { description: 'Which mailboxes can be made and changed.' })
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
