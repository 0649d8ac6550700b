import { Arg, Field, ObjectType } from 'type-graphql';
import type { MessageContent } from '../../domain/message.ts';
import { safeHtml } from './html.ts';

@ObjectType('MessageBody', { description: 'What the sender wrote, for reading and for showing.' })
export class MessageBodyType {
  constructor(
    private readonly content: MessageContent,
    /** A link for the inline file with this Content-ID; null when the message has none. */
    private readonly inlineUrl: (contentId: string) => string | null,
  ) {}

  @Field(() => String, {
    nullable: true,
    description:
      'The plain text; made from the HTML when the sender wrote no text, or the provider keeps only the HTML.',
  })
  text(): string | null {
    return this.content.text;
  }

  @Field(() => String, {
    nullable: true,
    description:
      'Sanitised for display: no scripts, no handlers, no forms, nothing that leaves its box, and inline images as signed links. Null when the sender wrote no HTML.',
  })
  html(
    @Arg('remoteImages', () => Boolean, {
      defaultValue: false,
      description:
        'Leave images of other servers in: loading them tells the sender that, when and where the mail is read.',
    })
    remoteImages: boolean,
  ): string | null {
    return this.content.html === null ? null : safeHtml(this.content.html, { remoteImages, inlineUrl: this.inlineUrl });
  }

  @Field(() => String, { nullable: true, description: 'What the sender wrote, untouched. Never put this into a page.' })
  unsafeHtml(): string | null {
    return this.content.html;
  }
}
