import { Parser } from 'htmlparser2';
import { boundedHtml, type HtmlBounds } from './bounded-html.ts';
import { type Attributes, INITIAL, type Inherited, inherited, isHidden, NOT_RENDERED, showsWords } from './hidden.ts';
import { hidingIn, withInlineStyles } from './style-blocks.ts';

/** What is told of an HTML to those who make something of what a browser shows of it. */
export interface RenderedHtmlHandler {
  /** An element that is shown begins; gives what is to be done at its end. */
  begin(name: string, attributes: Attributes, style: Inherited): (() => void) | null;
  /** Words that are seen, in the innermost element that has begun. */
  words?(text: string, style: Inherited): void;
  /** Words that are written and not seen. */
  hiddenWords?(text: string): void;
}

interface OpenElement {
  readonly style: Inherited;
  readonly end: (() => void) | null;
}

/**
 * Reads an HTML as a browser does that runs no scripts, and tells of what is seen alone. Words before the body and behind it
 * are shown as well (HTML, section 13.2.6). No tree is built, since a mail of 500 kB can have 170,000 elements; linear in the length.
 */
export function readRenderedHtml(html: string, bounds: HtmlBounds, handler: RenderedHtmlHandler): void {
  const reader = new RenderedHtmlReader(handler);
  reader.read(withInlineStyles(boundedHtml(html, { ...bounds, without: LEFT_OUT, hides: hidingIn(html) })));
}

/** What style blocks say is written into the elements first. */
const LEFT_OUT = new Set([...NOT_RENDERED].filter((name) => name !== 'style'));

class RenderedHtmlReader {
  private readonly open: OpenElement[] = [];
  /** How many were open when the element began that is not shown, with all that is in it; -1: none is. */
  private hiddenFrom = -1;
  private style = INITIAL;
  /** A second body is none, and says nothing (HTML, section 13.2.6.4.7). */
  private readonly begun = new Set<string>();
  /** Given on when a tag comes: the parser tells of a text in pieces. */
  private words: string[] = [];

  constructor(private readonly handler: RenderedHtmlHandler) {}

  read(html: string): void {
    const parser = new Parser({
      ontext: (text) => {
        this.words.push(text);
      },
      onopentag: (name, attributes) => this.begin(name, attributes),
      onclosetag: () => this.end(),
    });
    parser.write(html);
    parser.end();
    this.flush();
  }

  private begin(name: string, written: Attributes): void {
    this.flush();
    const attributes = this.begun.has(name) ? {} : written;
    if (name === 'body' || name === 'html') this.begun.add(name);
    const outer = this.style;
    if (this.hiddenFrom === -1 && isHidden(name, attributes)) this.hiddenFrom = this.open.length;
    if (this.hiddenFrom === -1) this.style = inherited(name, attributes, outer);
    const end = this.hiddenFrom === -1 ? this.handler.begin(name, attributes, this.style) : null;
    this.open.push({ style: outer, end });
  }

  private end(): void {
    this.flush();
    const element = this.open.pop();
    if (element === undefined) return;
    element.end?.();
    this.style = element.style;
    if (this.open.length === this.hiddenFrom) this.hiddenFrom = -1;
  }

  private flush(): void {
    if (this.words.length === 0) return;
    const text = this.words.join('');
    this.words = [];
    if (this.hiddenFrom === -1 && showsWords(this.style)) this.handler.words?.(text, this.style);
    else this.handler.hiddenWords?.(text);
  }
}
