import { Parser } from 'htmlparser2';
import { boundedHtml, type HtmlBounds } from './bounded-html.ts';
import {
  type Attributes,
  INITIAL,
  type Inherited,
  inherited,
  isHiddenElement,
  NOT_RENDERED,
  showsWords,
} from './hidden.ts';
import { hidingIn, withInlineStyles } from './style-blocks.ts';

/** Receives what a browser shows of an HTML. */
export interface RenderedHtmlHandler {
  /** Called when a visible element begins. Returns a function to call at its end, or null. */
  begin(name: string, attributes: Attributes, style: Inherited): (() => void) | null;
  /** Called with visible words, in the innermost element that has begun. */
  words?(text: string, style: Inherited): void;
  /** Called with words that are not visible. */
  hiddenWords?(text: string): void;
}

interface OpenElement {
  readonly style: Inherited;
  readonly end: (() => void) | null;
}

/**
 * Reads an HTML as a browser without scripts does, and reports what is visible. Words before and after the body are
 * visible too (HTML, section 13.2.6). No tree is built, because a mail of 500 kB can have 170,000 elements. Linear in
 * the length.
 */
export function readRenderedHtml(html: string, bounds: HtmlBounds, handler: RenderedHtmlHandler): void {
  const reader = new RenderedHtmlReader(handler);
  reader.read(withInlineStyles(boundedHtml(html, { ...bounds, without: LEFT_OUT, hides: hidingIn(html) })));
}

/** Style blocks are kept here, because their rules are first written into the elements. */
const LEFT_OUT = new Set([...NOT_RENDERED].filter((name) => name !== 'style'));

class RenderedHtmlReader {
  private readonly open: OpenElement[] = [];
  /** Number of elements that were open when the invisible element began, or -1 when there is none. */
  private hiddenFrom = -1;
  private style = INITIAL;
  /** A second html or body tag is ignored, with its attributes (HTML, section 13.2.6.4.7). */
  private readonly begun = new Set<string>();
  /** Words are collected until the next tag, because the parser reports a text in pieces. */
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
    if (this.hiddenFrom === -1 && isHiddenElement(name, attributes)) this.hiddenFrom = this.open.length;
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
