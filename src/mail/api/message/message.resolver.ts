import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Field, FieldResolver, Info, ObjectType, Resolver, Root } from 'type-graphql';
import { encodeId } from '../../../domain/global-id.ts';
import type { MessageContent } from '../../../domain/message.ts';
import { Dated } from '../../../graphql/dated.ts';
import { ListSizeHint } from '../../../graphql/list-size.ts';
import { selectsOnly } from '../../../graphql/selection.ts';
import { TYPICAL_BYTES, ValueBytesHint } from '../../../graphql/value-size.ts';
import { filesByContentId } from '../../../providers/shared/html/inline-files.ts';
import type { Download, Downloads } from '../../message/download.ts';
import { slicesOf } from '../../message/slices.ts';
import { type UnsubscribeOptions, unsubscribeOf } from '../../unsubscribe/list-unsubscribe.ts';
import { ThreadType } from '../thread/thread.type.ts';
import { UnsubscribeType } from '../unsubscribe/unsubscribe.type.ts';
import { AttachmentType } from './attachment.type.ts';
import { MessageBodyType } from './body.type.ts';
import { DownloadType } from './download.type.ts';
import { MessageType } from './message.type.ts';

/** The fields of a thread that can be answered with its id only. */
const THREAD_REFERENCE = new Set(['__typename', 'id', 'integration']);

@ObjectType('Header', {
  simpleResolvers: true,
  description: 'One header field of a message.',
})
class HeaderType {
  @Field(() => String, { description: 'The field name, as it was written. Compare it case-insensitively.' })
  readonly name!: string;

  @Dated()
  @ValueBytesHint(TYPICAL_BYTES)
  @Field(() => String, { description: 'The field value, unfolded (RFC 5322) and decoded (RFC 2047).' })
  readonly value!: string;
}

/** The fields of a message that are not in its envelope. A field that needs a request is null when the request fails. */
@Resolver(() => MessageType)
export class MessageResolver {
  constructor(readonly downloads: Downloads) {}

  @Dated()
  @FieldResolver(() => ThreadType, {
    nullable: true,
    description: 'The thread that the message belongs to. Selecting only its id makes no request.',
  })
  async thread(
    @Root() { account, message }: MessageType,
    @Info() info: GraphQLResolveInfo,
  ): Promise<ThreadType | null> {
    if (message.threadId === null) return null;
    if (selectsOnly(info, THREAD_REFERENCE)) return new ThreadType(account, message.threadId, null);
    return new ThreadType(account, message.threadId, await account.threads.load(message.threadId));
  }

  @Dated()
  @FieldResolver(() => MessageBodyType, {
    nullable: true,
    description:
      'The text and HTML of the message. It requires reading the whole message from the provider: do not select it in lists.',
  })
  async body(@Root() root: MessageType): Promise<MessageBodyType> {
    const content = await contentOf(root);
    const { views } = root.account;
    const body = (views.get(content) as MessageBodyType | undefined) ?? this.bodyOf(root, content);
    views.set(content, body);
    return body;
  }

  @ListSizeHint({ assumed: 10 })
  @Dated()
  @FieldResolver(() => [AttachmentType], {
    nullable: true,
    description:
      'The files of the message, in the order in which they occur in it. Reading them requires reading the whole message from the provider, as for `body`.',
  })
  async attachments(
    @Root() root: MessageType,
    @Arg('inline', () => Boolean, {
      nullable: true,
      description: 'True: only files that the HTML body shows. False: only the others. Default: all.',
    })
    inline: boolean | null,
  ): Promise<AttachmentType[]> {
    const { account, message } = root;
    const { attachments } = await contentOf(root);
    return attachments
      .filter(({ isInline }) => typeof inline !== 'boolean' || isInline === inline)
      .map(
        (file) =>
          new AttachmentType(account.id, message.id, file, () => this.downloads.attachment(account, message.id, file)),
      );
  }

  @ListSizeHint({ assumed: 50 })
  @Dated()
  @FieldResolver(() => [HeaderType], {
    nullable: true,
    description: 'The header fields, in their order in the message. A name can occur more than once.',
  })
  async headers(
    @Root() root: MessageType,
    @Arg('names', () => [String], {
      nullable: true,
      description: 'Only fields with these names, compared case-insensitively. Default: all.',
    })
    names: string[] | null,
  ): Promise<readonly HeaderType[]> {
    const { headers } = await contentOf(root);
    if (!names) return headers;
    const wanted = new Set(names.map((name) => name.toLowerCase()));
    return headers.filter(({ name }) => wanted.has(name.toLowerCase()));
  }

  @Dated()
  @FieldResolver(() => [String], {
    nullable: true,
    description: 'The In-Reply-To header: the Message-IDs of the messages that it replies to, without angle brackets.',
  })
  async inReplyTo(@Root() root: MessageType): Promise<readonly string[]> {
    return (await contentOf(root)).inReplyTo;
  }

  @Dated()
  @FieldResolver(() => [String], {
    nullable: true,
    description:
      'The References header: the Message-IDs of earlier messages in the conversation, oldest first, without angle brackets.',
  })
  async references(@Root() root: MessageType): Promise<readonly string[]> {
    return (await contentOf(root)).references;
  }

  @Dated()
  @FieldResolver(() => DownloadType, {
    nullable: true,
    description:
      'A link to the complete message in RFC 5322 format. Creating the link makes no request to the provider. An answer that is given again has the same link, which is then valid for at least ten more minutes.',
  })
  raw(@Root() { account, message }: MessageType): Download {
    return this.downloads.raw(account, message.id);
  }

  @Dated()
  @FieldResolver(() => UnsubscribeType, {
    nullable: true,
    description: 'How to unsubscribe from the mailing list that sent it. Null when the message offers no way.',
  })
  async unsubscribe(@Root() root: MessageType): Promise<UnsubscribeOptions | null> {
    return unsubscribeOf((await contentOf(root)).headers);
  }

  private bodyOf({ account, message }: MessageType, content: MessageContent): MessageBodyType {
    const fileOf = filesByContentId(content.attachments);
    const inlineUrl = (contentId: string) => {
      const inline = fileOf(contentId);
      return inline ? this.downloads.attachment(account, message.id, inline).url : null;
    };
    return new MessageBodyType(content, inlineUrl, slicesOf(account), message.sizeBytes);
  }
}

async function contentOf({ account, message }: MessageType): Promise<MessageContent> {
  const { content } = message.content ? message : await account.messages.full(message.id);
  if (!content)
    throw new Error(`a full read of a message returned no content (${encodeId('Message', account.id, message.id)})`);
  return content;
}
