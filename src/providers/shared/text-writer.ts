import { Parser } from 'htmlparser2';
import { TextBlock } from './text-block.ts';
import { TextList } from './text-list.ts';

/** Line breaks before and after each. */
const BOXES = new Map<string, readonly [before: number, after: number]>([
  ...['article', 'aside', 'div', 'footer', 'form', 'header', 'main', 'nav', 'section'].map((n) => [n, [1, 1]] as const),
  ...['blockquote', 'hr', 'p', 'pre', 'table'].map((name) => [name, [2, 2]] as const),
  ...['h1', 'h2', 'h3'].map((name) => [name, [3, 2]] as const),
  ...['h4', 'h5', 'h6'].map((name) => [name, [2, 2]] as const),
]);
const HEADING = /^h[1-6]$/;
const RULE = '-'.repeat(40);

type Attributes = Readonly<Record<string, string>>;

/** A link that is open, and the beginning of what was written in it: no more than tells whether that is its address. */
interface Link {
  readonly href: string;
  text: string;
}

interface OpenElement {
  readonly name: string;
  readonly list: TextList | null;
  /** What is to be done at its end; null: it stands outside of the body. */
  end: (() => void) | null;
}

/**
 * The text of an HTML that boundedHtml has seen to, written while it is parsed: no tree is built, since a mail of 500 kB can
 * have 170,000 elements. With a body, what stands outside of it is left out.
 */
export function writeText(html: string, headingsInCapitals: boolean): string {
  return new TextWriter(headingsInCapitals).write(html);
}

class TextWriter {
  private block = new TextBlock(null, 0);
  private readonly open: OpenElement[] = [];
  /** Links and headings in capitals around the words, the innermost last. */
  private rewriting: (Link | 'capitals')[] = [];
  private words = '';
  private body: 'none yet' | 'within' | 'outside' = 'none yet';

  constructor(private readonly headingsInCapitals: boolean) {}

  write(html: string): string {
    const aside = () => {
      this.flush();
      // Stands as an item of its own where it is in a list.
      this.inList(false)?.();
    };
    const parser = new Parser({
      ontext: (text) => {
        this.words += text;
      },
      onopentag: (name, attributes) => this.begin(name, attributes),
      onclosetag: () => {
        this.flush();
        this.open.pop()?.end?.();
      },
      oncomment: aside,
      onprocessinginstruction: aside,
    });
    parser.write(html);
    parser.end();
    this.flush();
    return this.block.text;
  }

  private begin(name: string, attributes: Attributes): void {
    this.flush();
    if (name === 'body' && this.body !== 'within') {
      this.beginBody();
      return;
    }
    if (this.body === 'outside') {
      this.open.push({ name, list: null, end: null });
      return;
    }
    const endItem = this.inList(name === 'li');
    const list = name === 'ul' || name === 'ol' ? this.listFor(name, attributes) : null;
    const end = list ? () => list.end() : this.beginElement(name, attributes);
    const endBoth = () => {
      end?.();
      endItem?.();
    };
    this.open.push({ name, list, end: endItem ? endBoth : end });
  }

  private beginBody(): void {
    if (this.body === 'none yet') {
      this.block = new TextBlock(null, 0);
      this.rewriting = [];
      for (const element of this.open) element.end = null;
    }
    this.body = 'within';
    const end = () => {
      this.body = 'outside';
    };
    this.open.push({ name: 'body', list: null, end });
  }

  private listFor(name: string, attributes: Attributes): TextList {
    return new TextList(this.block, name === 'ol', this.open.at(-1)?.name === 'li', attributes);
  }

  /** Begins an item where the innermost element is a list; gives what ends it. */
  private inList(isItem: boolean): (() => void) | null {
    const list = this.open.at(-1)?.list;
    if (!list) return null;
    const outer = this.block;
    this.block = list.begin(isItem);
    return () => {
      this.block = outer;
    };
  }

  private beginElement(name: string, attributes: Attributes): (() => void) | null {
    if (name === 'br') this.block.lineBreak();
    if (name === 'a') return this.beginLink(attributes);
    const breaks = BOXES.get(name);
    if (!breaks) return null;
    const [before, after] = breaks;
    const outer = this.block;
    const block = new TextBlock(outer, before, name === 'pre' || undefined);
    this.block = block;
    if (name === 'hr') this.add(RULE);
    const inCapitals = this.headingsInCapitals && HEADING.test(name);
    if (inCapitals) this.rewriting.push('capitals');
    return () => {
      if (inCapitals) this.rewriting.pop();
      block.endIn(outer, after, name === 'blockquote' ? quoted(block.text) : block.text);
      this.block = outer;
    };
  }

  private beginLink({ href: written = '' }: Attributes): (() => void) | null {
    const href = written.replace(/^mailto:/, '');
    if (href === '' || href.startsWith('#')) return null;
    const link: Link = { href, text: '' };
    this.rewriting.push(link);
    return () => {
      this.rewriting.pop();
      if (link.text !== href) this.block.add(link.text === '' ? href : ` [${href}]`);
    };
  }

  private flush(): void {
    const { words } = this;
    if (words === '') return;
    this.words = '';
    if (this.body === 'outside') return;
    const endItem = /\S/.test(words) ? this.inList(false) : null;
    // Blanks between the items of a list are none of its words.
    if (endItem || !this.open.at(-1)?.list) this.add(words);
    endItem?.();
  }

  private add(text: string): void {
    if (this.rewriting.length === 0) this.block.add(text);
    else this.block.add(text, (words) => this.rewritten(words));
  }

  private rewritten(words: string): string {
    let text = words;
    for (const one of [...this.rewriting].reverse()) {
      if (one === 'capitals') text = text.toUpperCase();
      else if (one.text.length <= one.href.length) one.text += text.replaceAll(' ', '');
    }
    return text;
  }
}

const quoted = (text: string): string => `> ${withoutLineBreaks(text).split('\n').join('\n> ')}`;

function withoutLineBreaks(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && text[start] === '\n') start++;
  while (end > start && text[end - 1] === '\n') end--;
  return text.slice(start, end);
}
