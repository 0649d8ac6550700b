import { Field, ID, Int, ObjectType } from 'type-graphql';
import type { Attachment } from '../../../domain/message.ts';
import { encodeId } from '../../../graphql/global-id.ts';
import type { Download } from '../../message/download.ts';
import { DownloadType } from './download.type.ts';

@ObjectType('Attachment', {
  simpleResolvers: true,
  description: 'A file beside or inside the body. What it says of itself is the word of the sender.',
})
export class AttachmentType {
  @Field(() => ID, { description: 'The same on every read of this message.' })
  readonly id: string;

  constructor(
    integrationId: string,
    messageId: string,
    private readonly attachment: Attachment,
    private readonly link: () => Download,
  ) {
    this.id = encodeId('Attachment', integrationId, messageId, attachment.id);
  }

  @Field(() => String, {
    nullable: true,
    description:
      'As the sender named it, on one line: control characters are blanks, and what changes the direction of text is left out. Null when it has no name. Never use it as a path.',
  })
  get filename(): string | null {
    return this.attachment.filename;
  }

  @Field(() => String, { description: 'The type that the sender claims.' })
  get mimeType(): string {
    return this.attachment.mimeType;
  }

  @Field(() => Int, {
    nullable: true,
    description:
      'Bytes when decoded; some providers count their own overhead too. Null where the provider does not tell.',
  })
  get sizeBytes(): number | null {
    const { sizeBytes } = this.attachment;
    return sizeBytes === null ? null : Math.min(sizeBytes, 2 ** 31 - 1);
  }

  @Field(() => Boolean, {
    description:
      "Whether the body's html shows it: an image that is seen there names it by contentId. All others stand beside the body, also those that the mail only mentions or hides.",
  })
  get isInline(): boolean {
    return this.attachment.isInline;
  }

  @Field(() => String, {
    nullable: true,
    description: 'What an image in the HTML names it by, after "cid:". Without angle brackets.',
  })
  get contentId(): string | null {
    return this.attachment.contentId;
  }

  @Field(() => DownloadType, { description: 'Signed anew each time it is asked for.' })
  get download(): Download {
    return this.link();
  }
}
