import { Field, ID, InputType } from 'type-graphql';

const optional = { nullable: true } as const;

@InputType({ description: 'Somebody to write to.' })
export class AddressInput {
  @Field(() => String, { ...optional, description: 'The name to show beside the address, in any script.' })
  name?: string | null;

  @Field(() => String, {
    description: 'Where it goes: ada@example.org. One that is no address is a userError with its path.',
  })
  address!: string;
}

@InputType({ description: 'A file to send: exactly one of upload and attachment.' })
export class AttachmentInput {
  @Field(() => ID, { ...optional, description: 'What the upload route answered with; yours, and not expired.' })
  upload?: string | null;

  @Field(() => ID, {
    ...optional,
    description:
      'The id of an attachment that is already in one of your mailboxes, of whatever account: its bytes need not pass through you.',
  })
  attachment?: string | null;

  @Field(() => String, {
    ...optional,
    description: 'What the recipients see, in any script, without a path. Left out: the name that it has.',
  })
  filename?: string | null;

  @Field(() => String, {
    ...optional,
    description: 'Shows the file inside the HTML, which names it as cid:ID. Without angle brackets; each one once.',
  })
  inlineContentId?: string | null;
}

@InputType({
  description:
    'A message to be written. What you give is taken as it is; what you leave out (or null) comes from the message that is answered or forwarded, else from the draft that is revised. Empty lists and strings are something given.',
})
export class ComposeInput {
  @Field(() => ID, { description: 'The account that it is written in.' })
  integration!: string;

  @Field(() => ID, { ...optional, description: 'The draft that this is a revision of. Left out: a new one.' })
  draft?: string | null;

  @Field(() => String, {
    ...optional,
    description:
      'The version of the draft that you have before you. When the draft has moved on, the answer is CONFLICT and nothing is overwritten. Left out: overwrite whatever is there.',
  })
  ifVersion?: string | null;

  @Field(() => String, {
    ...optional,
    description:
      'One of the identities of the account. Left out: for an answer the one that was written to, else the default.',
  })
  from?: string | null;

  @Field(() => [AddressInput], { ...optional, description: 'Those it is addressed to.' })
  to?: AddressInput[] | null;

  @Field(() => [AddressInput], { ...optional, description: 'Those who get a copy for everyone to see.' })
  cc?: AddressInput[] | null;

  @Field(() => [AddressInput], { ...optional, description: 'Those who get a copy that nobody else sees.' })
  bcc?: AddressInput[] | null;

  @Field(() => [AddressInput], { ...optional, description: 'Where answers should go, when not to from.' })
  replyTo?: AddressInput[] | null;

  @Field(() => String, {
    ...optional,
    description: 'On one line. Left out: that of the original behind one "Re:" or "Fwd:".',
  })
  subject?: string | null;

  @Field(() => String, {
    ...optional,
    description: 'The plain text. Left out beside html: made from it, for readers without HTML.',
  })
  text?: string | null;

  @Field(() => String, { ...optional, description: 'The HTML body, sent as it is given.' })
  html?: string | null;

  @Field(() => [AttachmentInput], {
    ...optional,
    description:
      'The files. A forward brings those of the original along (250 at most, or it is refused), unless this is empty or names one of them: then it is the whole list.',
  })
  attachments?: AttachmentInput[] | null;

  @Field(() => ID, {
    ...optional,
    description:
      'The message that this answers: gives recipients, subject, the quoted original, and its place in the conversation. It may be in another of your accounts; then the conversation goes on by its headers alone.',
  })
  reply?: string | null;

  @Field(() => Boolean, { ...optional, description: 'With reply: to everybody whom the original was addressed to.' })
  replyAll?: boolean | null;

  @Field(() => ID, {
    ...optional,
    description: 'The message to pass on, with its files. It may be in another of your accounts.',
  })
  forward?: string | null;

  @Field(() => Boolean, {
    defaultValue: true,
    description:
      'With reply or forward: put the original below what you write. False: what you give is the whole body.',
  })
  quote?: boolean;
}
