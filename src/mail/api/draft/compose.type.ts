import { Field, ID, InputType, ObjectType } from 'type-graphql';
import type { ComposeRequest, RequestedAddress, RequestedAttachment } from '../../compose/compose-request.ts';

const optional = { nullable: true } as const;

@InputType({ description: 'A recipient: an address, and optionally a display name.' })
class AddressInput implements RequestedAddress {
  @Field(() => String, { ...optional, description: 'The display name, in any script.' })
  name?: string | null;

  @Field(() => String, {
    description:
      'The address: ada@example.org. A value that is not an address is reported in `userErrors`, with its path.',
  })
  address!: string;
}

@InputType({ description: 'A file of a message in ComposeInput. Give exactly one of `upload` and `attachment`.' })
class AttachmentInput implements RequestedAttachment {
  @Field(() => ID, {
    ...optional,
    description: 'The `upload` id that POST /upload returned. It must be yours and not expired.',
  })
  upload?: string | null;

  @Field(() => ID, {
    ...optional,
    description:
      'The id of an attachment in any of your accounts. The gateway copies it: you do not download and upload it.',
  })
  attachment?: string | null;

  @Field(() => String, {
    ...optional,
    description:
      'The file name that recipients see, in any script, without a path. Default: the name of the upload or attachment.',
  })
  filename?: string | null;

  @Field(() => String, {
    ...optional,
    description:
      'Makes this an inline file with this Content-ID, which the HTML refers to as `cid:ID`. Without angle brackets. Each id may occur once in a message.',
  })
  inlineContentId?: string | null;
}

@InputType({
  description:
    'A message to write, for `saveDraft` and `send`. A field that you give is used as it is, even when it is an empty list or string. A field that you leave out, or give as null, is taken from the message that is replied to or forwarded (`reply`, `forward`). Without such a message it is taken from the draft that is revised (`draft`).',
})
export class ComposeInput implements ComposeRequest {
  @Field(() => ID, { description: 'The account to write the message in.' })
  integration!: string;

  @Field(() => ID, { ...optional, description: 'The draft to revise. Default: a new draft.' })
  draft?: string | null;

  @Field(() => String, {
    ...optional,
    description:
      'The `Draft.version` that you last read. When the draft has changed since, the mutation answers CONFLICT and overwrites nothing. Default: overwrite the draft in any case.',
  })
  ifVersion?: string | null;

  @Field(() => String, {
    ...optional,
    description:
      "The sender's address: one of the identities of the account. Default: for a reply the identity that the original was addressed to, else the default identity.",
  })
  from?: string | null;

  @Field(() => [AddressInput], { ...optional, description: 'The To recipients.' })
  to?: AddressInput[] | null;

  @Field(() => [AddressInput], { ...optional, description: 'The Cc recipients.' })
  cc?: AddressInput[] | null;

  @Field(() => [AddressInput], {
    ...optional,
    description: 'The Bcc recipients: they get a copy, and no other recipient sees it.',
  })
  bcc?: AddressInput[] | null;

  @Field(() => [AddressInput], {
    ...optional,
    description: 'The Reply-To addresses. Default: none, so replies go to `from`.',
  })
  replyTo?: AddressInput[] | null;

  @Field(() => String, {
    ...optional,
    description:
      'The subject, on one line. Default: the subject of the original with one "Re:" or "Fwd:" in front of it.',
  })
  subject?: string | null;

  @Field(() => String, {
    ...optional,
    description:
      'The plain text body. Default, when `html` is given: made from the HTML, for clients that show no HTML.',
  })
  text?: string | null;

  @Field(() => String, { ...optional, description: 'The HTML body. It is sent as given.' })
  html?: string | null;

  @Field(() => [AttachmentInput], {
    ...optional,
    description:
      'The files, at most 100. With `forward`, the files of the original are added to yours. If you give an empty list, or a list that names a file of the original, nothing is added: your list is complete. An original with more than 250 files is forwarded only with such a list.',
  })
  attachments?: AttachmentInput[] | null;

  @Field(() => ID, {
    ...optional,
    description:
      'The message to reply to. It determines the recipients, the subject, the quoted original and the thread. It may be in another of your accounts: then only the headers In-Reply-To and References join the reply to its thread.',
  })
  reply?: string | null;

  @Field(() => Boolean, {
    ...optional,
    description: 'With `reply`: also address everybody whom the original was addressed to.',
  })
  replyAll?: boolean | null;

  @Field(() => ID, {
    ...optional,
    description: 'The message to forward, with its files. It may be in another of your accounts.',
  })
  forward?: string | null;

  @Field(() => Boolean, {
    defaultValue: true,
    description:
      'With `reply` or `forward`: append the original below your text. False: your text is the complete body.',
  })
  quote?: boolean;
}

@ObjectType('Identity', { simpleResolvers: true, description: 'An address that an account can send from.' })
export class IdentityType {
  @Field(() => String, { description: 'The address for the From header.' })
  readonly address!: string;

  @Field(() => String, { nullable: true, description: 'The display name for the From header. Null when none is set.' })
  readonly name!: string | null;

  @Field(() => Boolean, { description: 'Whether this identity is used when a message does not give `from`.' })
  readonly isDefault!: boolean;
}
