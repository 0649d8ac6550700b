import { Parser, Tokenizer } from 'htmlparser2';
import { foreignTag, impliedEnds, isBox, isRawText, isVoid, switchesForeign } from './html-elements.ts';
import { evenHtml } from './html-syntax.ts';

/**
 * Characters of one HTML that are read, whether for showing or for its text; the largest newsletters have a few hundred
 * thousand. `unsafeHtml` alone has the rest.
 */
export const MAX_HTML_LENGTH = 2_000_000;

/** Deeper than any mail is written. A parser looks through the open elements at every tag, and readers recurse into them. */
const MAX_OPEN_ELEMENTS = 200;
/** More than a large newsletter has by far. Work grows with the elements and not with the letters: behind these, tags are taken out. */
const MAX_ELEMENTS = 50_000;
/** More than any mail has on one element; the first of a name counts, as in a browser. */
const MAX_ATTRIBUTES = 100;

export interface HtmlBounds {
  /** Characters that are read; MAX_HTML_LENGTH where it is absent. */
  readonly maxLength?: number;
  /** Elements that are left out with all that is in them. */
  readonly without?: ReadonlySet<string>;
  /** Kinds of elements of which only so many may be open within each other. */
  readonly atMost?: readonly Nesting[];
  /** Whether an element hides what is in it; where its tag or its style is taken out, what is in it is left out too. */
  readonly hides?: (name: string, attributes: Readonly<Record<string, string>>) => boolean;
}

interface Nesting {
  readonly names: ReadonlySet<string>;
  readonly open: number;
}

interface OpenElement {
  readonly name: string;
  /** Whether its tag is in what is given out; one that is too deep has lost it. */
  readonly isKept: boolean;
}

/**
 * The same HTML with few elements open at any time, and not too many in all: a tag that would be one more is taken out, and
 * what is in it stays, in order. One pass, linear in the length, whatever is nested or left unclosed. It is not made harmless by this.
 *
 * A parser's work grows with what is open (it looks for each end tag among it), so that 300,000 times "<b>" took it
 * 40 seconds. The rules of what closes what are those of htmlparser2, by which the outcome is read.
 */
export function boundedHtml(html: string, bounds: HtmlBounds = {}): string {
  return new Bounder(evenHtml(cutHtml(html, bounds.maxLength ?? MAX_HTML_LENGTH)), bounds).read();
}

/** The beginning of a long HTML, not ending inside of a character or an entity; a tag that is cut counts as text nowhere. */
function cutHtml(html: string, length: number): string {
  if (html.length <= length) return html;
  const cut = html.slice(0, length);
  // By UTF-16 one half of a pair may be left over; the longest entity has 33 characters.
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
  /** How far the source was copied, or left out. */
  private copied = 0;
  private readonly stack: OpenElement[] = [];
  private readonly openByName = new Map<string, number>();
  private kept = 0;
  private written = 0;
  /** How many are kept and open of each kind in `atMost`. */
  private readonly counted: number[];
  /** The place in the stack of the element that is left out with its content; -1: none. */
  private skippedFrom = -1;
  /** Whether "/>" ends an element, as in SVG; by htmlparser2's reckoning. */
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
    // A tag that never ends is no tag.
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

  /** With all that is in it. */
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
    // What is in these is no HTML, and would be shown or read as such without their tags; "<title/>" has nothing of its own in it.
    if (isRawText(name) && !hasSlash) return true;
    if (atMost.some(({ names, open }, kind) => names.has(name) && (this.counted[kind] ?? 0) >= open)) return false;
    // Gone, so that nothing is self-closing to what reads the outcome.
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
      // These two are elements of their own where nothing is open that they could close.
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

  /** `at` is where the tag begins that ends it. */
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

  /** The words before and after a box or a line break do not run together where its tag is gone. */
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
