import { Field, ID, Int, ObjectType } from 'type-graphql';
import { encodeId } from '../../../domain/global-id.ts';
import type { Attachment } from '../../../domain/message.ts';
import type { Download } from '../../message/download.ts';
import { DownloadType } from './download.type.ts';

@ObjectType('Attachment', {
  simpleResolvers: true,
  description: 'A file attached to a message or shown inside its body. Its name and type are claims of the sender.',
})
export class AttachmentType {
  @Field(() => ID, { description: 'The id of the attachment. It is the same on every read of this message.' })
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
      'The file name that the sender chose, on one line. Control characters are replaced by spaces, and characters that change the direction of text are removed. Null when the file has no name. Never use it as a file path.',
  })
  get filename(): string | null {
    return this.attachment.filename;
  }

  @Field(() => String, { description: 'The MIME type that the sender claims.' })
  get mimeType(): string {
    return this.attachment.mimeType;
  }

  @Field(() => Int, {
    nullable: true,
    description:
      'The decoded size in bytes. Some providers include their own overhead. Null where the provider does not report it.',
  })
  get sizeBytes(): number | null {
    const { sizeBytes } = this.attachment;
    return sizeBytes === null ? null : Math.min(sizeBytes, 2 ** 31 - 1);
  }

  @Field(() => Boolean, {
    description:
      'True when the HTML body shows this file: a visible image there refers to it by `contentId`. False for every other file, even when the HTML refers to it without showing it.',
  })
  get isInline(): boolean {
    return this.attachment.isInline;
  }

  @Field(() => String, {
    nullable: true,
    description:
      'The Content-ID by which the HTML refers to this file, as `cid:CONTENT-ID`. Without angle brackets. Null when the file has none.',
  })
  get contentId(): string | null {
    return this.attachment.contentId;
  }

  @Field(() => DownloadType, {
    description:
      'A signed link to the bytes of this file. It is signed when the answer is made. An answer that is given again has the same link, which is then valid for at least ten more minutes.',
  })
  get download(): Download {
    return this.link();
  }
}
