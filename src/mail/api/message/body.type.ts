import { Arg, Field, ObjectType } from 'type-graphql';
import type { MessageContent } from '../../../domain/message.ts';
import { Dated } from '../../../graphql/dated.ts';
import { ValueBytesHint } from '../../../graphql/value-size.ts';
import { MAX_HTML_LENGTH } from '../../../providers/shared/html/bounded-html.ts';
import { safeHtml } from '../../message/html.ts';
import type { Slices } from '../../message/slices.ts';

/** Half of the maximum size of a body. Most bodies are much smaller. */
const BODY_BYTES = 1024 * 1024;

type MaybePromise<T> = T | Promise<T>;

/**
 * Each form of a body is computed once, however many fields and aliases select it, and a request computes one body at a
 * time.
 */
@ObjectType('MessageBody', { description: 'The body of a message, as text and as HTML.' })
export class MessageBodyType {
  private readonly safe = new Map<boolean, MaybePromise<string>>();
  private readonly urls = new Map<string, string | null>();

  constructor(
    private readonly content: MessageContent,
    /** The link to the inline file with this Content-ID. Null when the message has no such file. */
    private readonly inlineUrl: (contentId: string) => string | null,
    private readonly slices: Slices,
    /** The size of the message if it is known, which is an upper bound for its body. */
    private readonly sizeBytes: number | null,
  ) {}

  @Dated()
  @ValueBytesHint(BODY_BYTES)
  @Field(() => String, {
    nullable: true,
    description:
      'The plain text. Null when the message has neither text nor HTML. It is made from the HTML when the sender wrote no text or only white space, and when the provider keeps only the HTML. Text made from HTML is what is visible on a white page, as in a browser\'s innerText. Content that is hidden, also by its style or colour, is left out. Cells are separated by a tab, and rows by a line break. List items begin with their markers, and quoted lines with "> ". The address of a link follows in brackets where it differs from the link\'s text.',
  })
  text(): MaybePromise<string | null> {
    return this.slices.take(this.length, () => this.content.text);
  }

  @Dated()
  @ValueBytesHint(BODY_BYTES)
  @Field(() => String, {
    nullable: true,
    description:
      "The HTML, sanitised for display. Scripts, event handlers, forms, ids and classes are removed. Styles that load anything, or leave the message's own box, are removed too. Inline images become signed links. Rules of style blocks are applied to the elements, as on a light screen 800 pixels wide. A style block with far more rules than a newsletter has is left out. The colours of the body element are put on a box around the message. Hidden content stays hidden. Null when the sender wrote no HTML.",
  })
  html(
    @Arg('remoteImages', () => Boolean, {
      defaultValue: false,
      description:
        'True: keep images that are loaded from other servers. Loading them tells the sender that the message is being read, when, and from which network address.',
    })
    remoteImages: boolean,
  ): MaybePromise<string | null> {
    const { html } = this.content;
    if (html === null) return null;
    const known = this.safe.get(remoteImages);
    if (known !== undefined) return known;
    const made = this.slices.take(this.length, () =>
      safeHtml(html, { remoteImages, inlineUrl: (contentId) => this.url(contentId) }),
    );
    this.safe.set(remoteImages, made);
    return made;
  }

  @Dated()
  @ValueBytesHint(BODY_BYTES)
  @Field(() => String, {
    nullable: true,
    description:
      'The HTML exactly as the sender wrote it. It is not safe: never insert it into a page. Null when the sender wrote no HTML.',
  })
  unsafeHtml(): string | null {
    return this.content.html;
  }

  @Dated()
  @Field(() => Boolean, {
    description: `True when \`html\` or \`text\` is only a part of the body: of HTML, only the first ${MAX_HTML_LENGTH.toLocaleString('en')} characters are read. Content that is nested too deep, or follows the first 50,000 elements, loses its tags and keeps its text: this does not count as truncated. \`unsafeHtml\` and \`raw\` are never truncated.`,
  })
  isTruncated(): boolean {
    return this.content.isTextTruncated === true || (this.content.html?.length ?? 0) > MAX_HTML_LENGTH;
  }

  private get length(): number {
    return this.content.html?.length ?? this.sizeBytes ?? Number.POSITIVE_INFINITY;
  }

  /** Signs each URL once, because a message can show one file ten thousand times. */
  private url(contentId: string): string | null {
    let url = this.urls.get(contentId);
    if (url === undefined) {
      url = this.inlineUrl(contentId);
      this.urls.set(contentId, url);
    }
    return url;
  }
}
