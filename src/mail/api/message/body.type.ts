import { Arg, Field, ObjectType } from 'type-graphql';
import type { MessageContent } from '../../../domain/message.ts';
import { Weighs } from '../../../graphql/value-size.ts';
import { MAX_HTML_LENGTH } from '../../../providers/shared/html/bounded-html.ts';
import { safeHtml } from '../../message/html.ts';
import type { Slices } from '../../slices.ts';

/** Half of the most that is shown of a body; most are far smaller. */
const BODY_BYTES = 1024 * 1024;

type MaybePromise<T> = T | Promise<T>;

/** What is made of the body is made once, however many fields and aliases ask for it, and one body at a time in a request. */
@ObjectType('MessageBody', { description: 'What the sender wrote, for reading and for showing.' })
export class MessageBodyType {
  private readonly safe = new Map<boolean, MaybePromise<string>>();
  private readonly urls = new Map<string, string | null>();

  constructor(
    private readonly content: MessageContent,
    /** A link for the inline file with this Content-ID; null when the message has none. */
    private readonly inlineUrl: (contentId: string) => string | null,
    private readonly slices: Slices,
    /** What the message takes, where that is known: its body is not longer. */
    private readonly sizeBytes: number | null,
  ) {}

  @Weighs(BODY_BYTES)
  @Field(() => String, {
    nullable: true,
    description:
      'The plain text; made from the HTML when the sender wrote none (blanks beside HTML are none), or the provider keeps only the HTML. Made as a browser\'s innerText: what is seen on a white page and nothing that is hidden, by its element, colour, style or style block; cells kept apart by a tab, rows by a line. Beyond that lists have their marks, quotes "> ", and a link its address in brackets where that is not its text.',
  })
  text(): MaybePromise<string | null> {
    return this.slices.take(this.length, () => this.content.text);
  }

  @Weighs(BODY_BYTES)
  @Field(() => String, {
    nullable: true,
    description:
      'Sanitised for display: no scripts, no handlers, no forms, nothing that is fetched from elsewhere for a style, nothing that leaves its box, no ids and classes; inline images as signed links. What style blocks say is written into the elements, as on a light screen of 800 pixels; a block of more rules than any newsletter has is left out. The colours of the body are a box around the mail, and what was hidden stays hidden. Null when the sender wrote no HTML.',
  })
  html(
    @Arg('remoteImages', () => Boolean, {
      defaultValue: false,
      description:
        'Leave images of other servers in: loading them tells the sender that, when and where the mail is read.',
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

  @Weighs(BODY_BYTES)
  @Field(() => String, { nullable: true, description: 'What the sender wrote, untouched. Never put this into a page.' })
  unsafeHtml(): string | null {
    return this.content.html;
  }

  @Field(() => Boolean, {
    description: `Whether html or text is not the whole of what the sender wrote: of HTML the first ${MAX_HTML_LENGTH.toLocaleString('en')} characters are read. What is nested too deep, and what comes behind 50,000 elements, loses its tags and not its words, and is whole. unsafeHtml and raw are never cut.`,
  })
  isTruncated(): boolean {
    return this.content.isTextTruncated === true || (this.content.html?.length ?? 0) > MAX_HTML_LENGTH;
  }

  private get length(): number {
    return this.content.html?.length ?? this.sizeBytes ?? Number.POSITIVE_INFINITY;
  }

  /** Signed once: a mail can show one file ten thousand times. */
  private url(contentId: string): string | null {
    let url = this.urls.get(contentId);
    if (url === undefined) {
      url = this.inlineUrl(contentId);
      this.urls.set(contentId, url);
    }
    return url;
  }
}
