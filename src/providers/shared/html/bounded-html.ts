import { Parser, Tokenizer } from 'htmlparser2';
import { foreignTag, impliedEnds, isBox, isRawText, isVoid, switchesForeign } from './html-elements.ts';
import { normalizedHtml } from './html-syntax.ts';

/**
 * Maximum number of characters of one HTML that are read, for display or for its text. The largest newsletters have a
 * few hundred thousand. Only `unsafeHtml` has the rest.
 */
export const MAX_HTML_LENGTH = 2_000_000;

/**
 * Maximum nesting, deeper than any mail is written. A parser searches the open elements at every tag, and readers
 * recurse into them.
 */
const MAX_OPEN_ELEMENTS = 200;
/**
 * Maximum number of elements, far more than a large newsletter has. The work grows with the elements rather than with
 * the text, so tags after this many are removed.
 */
const MAX_ELEMENTS = 50_000;
/**
 * Maximum number of attributes, more than any mail has on one element. Of several with one name the first counts, as in
 * a browser.
 */
const MAX_ATTRIBUTES = 100;

export interface HtmlBounds {
  /** Maximum number of characters that are read. The default is MAX_HTML_LENGTH. */
  readonly maxLength?: number;
  /** Elements that are removed with their content. */
  readonly without?: ReadonlySet<string>;
  /** Kinds of elements whose nesting is limited. */
  readonly atMost?: readonly Nesting[];
  /**
   * Returns whether an element hides its content. When the tag or style of such an element is removed, its content is
   * removed too.
   */
  readonly hides?: (name: string, attributes: Readonly<Record<string, string>>) => boolean;
}

interface Nesting {
  readonly names: ReadonlySet<string>;
  readonly open: number;
}

interface OpenElement {
  readonly name: string;
  /** True when the tag is in the output. It is false for an element that is nested too deeply. */
  readonly isKept: boolean;
}

/**
 * Returns the HTML with limited nesting and a limited number of elements. Tags beyond the limits are removed, while
 * their content stays in order. It makes one pass, linear in the length, however much is nested or left unclosed. It
 * does not make the HTML safe.
 *
 * A parser's work grows with the number of open elements, because it searches them for each end tag: it took 40 seconds
 * for 300,000 times "<b>". The rules for implied end tags are those of htmlparser2, which reads the result.
 */
export function boundedHtml(html: string, bounds: HtmlBounds = {}): string {
  return new Bounder(normalizedHtml(cutHtml(html, bounds.maxLength ?? MAX_HTML_LENGTH)), bounds).read();
}

/**
 * Returns the beginning of a long HTML, without half a character or entity at its end. A tag that is cut off never
 * counts as text.
 */
function cutHtml(html: string, length: number): string {
  if (html.length <= length) return html;
  const cut = html.slice(0, length);
  // The cut may leave half of a surrogate pair. The longest entity has 33 characters.
  const loose = /(?:[\uD800-\uDBFF]|&[#\w]{0,33}|<[/!?]?)$/.exec(cut.slice(-40));
  return loose === null ? cut : cut.slice(0, -loose[0].length);
}

function attributesOf(tag: string): Readonly<Record<string, string>> {
  let found: Readonly<Record<string, string>> = {};
  const parser = new Parser({
    onopentag: (_, attributes) => {
      found = attributes;
    },
  });
  parser.end(tag);
  return found;
}

class Bounder {
  private readonly pieces: string[] = [];
  /** The end of the part of the source that was copied or left out so far. */
  private copied = 0;
  private readonly stack: OpenElement[] = [];
  private readonly openByName = new Map<string, number>();
  private kept = 0;
  private written = 0;
  /** Number of open, kept elements of each kind in `atMost`. */
  private readonly counted: number[];
  /** The index in the stack of the element that is removed with its content, or -1. */
  private skippedFrom = -1;
  /** Whether "/>" closes an element, as in SVG, by the rules of htmlparser2. */
  private readonly foreign: boolean[] = [];

  private tagName = '';
  private tagStart = -1;
  private attributes = 0;
  private attributesEnd = -1;

  constructor(
    private readonly html: string,
    private readonly bounds: HtmlBounds,
  ) {
    this.counted = (bounds.atMost ?? []).map(() => 0);
  }

  read(): string {
    const nothing = () => {};
    const tokenizer = new Tokenizer(
      // Entities stay as they are written.
      { decodeEntities: false },
      {
        onopentagname: (start, end) => {
          this.tagName = this.html.slice(start, end).toLowerCase();
          this.tagStart = start - 1;
          this.attributes = 0;
          this.attributesEnd = -1;
        },
        onattribname: (start) => {
          if (++this.attributes === MAX_ATTRIBUTES + 1) this.attributesEnd = start;
        },
        onopentagend: (end) => this.open(end + 1, false),
        onselfclosingtag: (end) => this.open(end + 1, true),
        onclosetag: (start, end) => this.close(start, end),
        onattribdata: nothing,
        onattribentity: nothing,
        onattribend: nothing,
        oncdata: nothing,
        oncomment: nothing,
        ondeclaration: nothing,
        onprocessinginstruction: nothing,
        ontext: nothing,
        ontextentity: nothing,
        onend: nothing,
      },
    );
    tokenizer.write(this.html);
    tokenizer.end();
    // A tag that never ends is not a tag.
    this.copyTo(this.tagStart === -1 ? this.html.length : this.tagStart);
    return this.pieces.join('');
  }

  private open(end: number, hasSlash: boolean): void {
    const { tagName: name, tagStart: start } = this;
    this.tagStart = -1;
    if (!isVoid(name) && switchesForeign(name)) this.foreign.push(foreignTag(name));
    const closesItself = hasSlash && !isVoid(name) && this.foreign.at(-1) === true;
    const ends = impliedEnds(name);
    const implied: OpenElement[] = [];
    while (ends?.has(this.stack.at(-1)?.name ?? '')) implied.push(this.pop(start));
    const loses = !this.keeps(name, hasSlash);
    const isLeftOut = (loses || this.attributesEnd !== -1) && this.isLeftOut(name, start, end);
    const isKept = !loses && !isLeftOut;
    if (!isKept) for (const element of implied) if (element.isKept) this.write(start, `</${element.name}>`);
    if (isKept && this.skippedFrom === -1) this.written++;
    if (isKept && this.skippedFrom === -1) this.writeTag(start, end, closesItself ? `</${name}>` : '');
    else this.leaveOut(start, end, name);
    if (!isVoid(name) && !closesItself) this.push(name, isKept, isLeftOut);
  }

  /** Returns whether an element is removed together with its content. */
  private isLeftOut(name: string, start: number, end: number): boolean {
    const { without, hides } = this.bounds;
    if (this.skippedFrom !== -1 || without?.has(name) || hides === undefined) return without?.has(name) === true;
    const tag = this.html.slice(start, end);
    return (
      /\s(?:style|hidden|class|id)\b|["'/](?:style|hidden|class|id)\s*=/i.test(tag) && hides(name, attributesOf(tag))
    );
  }

  private keeps(name: string, hasSlash: boolean): boolean {
    const { without, atMost = [] } = this.bounds;
    if (without?.has(name)) return false;
    // The content of these elements is not HTML, and would be shown or parsed without their tags. "<title/>" has no
    // content.
    if (isRawText(name) && !hasSlash) return true;
    if (atMost.some(({ names, open }, kind) => names.has(name) && (this.counted[kind] ?? 0) >= open)) return false;
    // These tags are removed, so that the result has no self-closing elements.
    if (switchesForeign(name)) return false;
    if (this.written >= MAX_ELEMENTS) return false;
    return isVoid(name) || this.kept < MAX_OPEN_ELEMENTS;
  }

  private close(nameStart: number, nameEnd: number): void {
    const name = this.html.slice(nameStart, nameEnd).toLowerCase();
    const start = this.html.lastIndexOf('<', nameStart);
    const after = this.html.indexOf('>', nameEnd);
    const end = after === -1 ? this.html.length : after + 1;
    if (switchesForeign(name)) this.foreign.pop();
    if (isVoid(name) || (this.openByName.get(name) ?? 0) === 0) {
      // An end tag of br or p creates an element when no open element matches it.
      const isElement = name === 'br' || name === 'p';
      if (!isElement || this.skippedFrom !== -1) this.leaveOut(start, end);
      else if (this.written++ >= MAX_ELEMENTS) this.leaveOut(start, end, name);
      return;
    }
    const popped: OpenElement[] = [];
    let last: OpenElement;
    do {
      last = this.pop(start);
      popped.push(last);
    } while (last.name !== name);
    if (last.isKept) return;
    for (const element of popped) if (element.isKept) this.write(start, `</${element.name}>`);
    this.leaveOut(start, end, name);
  }

  private push(name: string, keeps: boolean, isLeftOut: boolean): void {
    if (this.skippedFrom === -1 && isLeftOut) this.skippedFrom = this.stack.length;
    const isKept = keeps && this.skippedFrom === -1;
    this.stack.push({ name, isKept });
    this.openByName.set(name, (this.openByName.get(name) ?? 0) + 1);
    if (isKept) this.count(name, 1);
  }

  /** `at` is the start of the tag that closes the element. */
  private pop(at: number): OpenElement {
    const element = this.stack.pop() as OpenElement;
    this.openByName.set(element.name, (this.openByName.get(element.name) ?? 1) - 1);
    if (element.isKept) this.count(element.name, -1);
    if (this.stack.length === this.skippedFrom) {
      this.skippedFrom = -1;
      this.copied = Math.max(this.copied, at);
    }
    return element;
  }

  private count(name: string, by: 1 | -1): void {
    this.kept += by;
    for (const [kind, { names }] of (this.bounds.atMost ?? []).entries())
      if (names.has(name)) this.counted[kind] = (this.counted[kind] ?? 0) + by;
  }

  private copyTo(end: number): void {
    if (this.skippedFrom === -1 && end > this.copied) this.pieces.push(this.html.slice(this.copied, end));
    this.copied = Math.max(this.copied, end);
  }

  private write(at: number, tag: string): void {
    this.copyTo(at);
    this.pieces.push(tag);
  }

  /** Removes a tag. A blank replaces the tag of a box or line break, so that the words around it stay separate. */
  private leaveOut(start: number, end: number, name = ''): void {
    this.copyTo(start);
    if ((isBox(name) || name === 'br') && this.skippedFrom === -1 && !this.bounds.without?.has(name))
      this.pieces.push(' ');
    this.copied = Math.max(this.copied, end);
  }

  private writeTag(start: number, end: number, closing: string): void {
    if (this.attributesEnd === -1 && closing === '') return;
    this.copyTo(start);
    this.pieces.push(this.html.slice(start, this.attributesEnd === -1 ? end : this.attributesEnd));
    if (this.attributesEnd !== -1) this.pieces.push('>');
    this.pieces.push(closing);
    this.copied = end;
  }
}
