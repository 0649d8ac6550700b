import type { HtmlBounds } from './bounded-html.ts';
import { type Attributes, displayOf, type Inherited, showsWords } from './hidden.ts';
import { type RenderedHtmlHandler, readRenderedHtml } from './rendered-html.ts';
import { TextList } from './text-list.ts';
import { TextOutput } from './text-output.ts';
import { TextTable } from './text-table.ts';

/** Number of line breaks before and after each box. Between two boxes the greater number counts. */
const BOXES = new Map<string, number>([
  ...'address article aside body caption center dd details dialog dir div dl dt fieldset figcaption figure footer form header hgroup legend li main menu nav ol optgroup search section summary ul'
    .split(' ')
    .map((name) => [name, 1] as const),
  ...['blockquote', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'listing', 'p', 'pre', 'table'].map(
    (name) => [name, 2] as const,
  ),
]);
const LISTS = new Set(['ul', 'ol', 'menu', 'dir']);
/** Display values of table parts, by which any element can be one. */
const TABLES = new Map([
  ['table', 'table'],
  ['table-row', 'tr'],
  ['table-cell', 'td'],
]);
const RULE = '-'.repeat(40);
/** Number of hidden characters that are kept, enough to find them in a preview. */
const MAX_HIDDEN_LENGTH = 500;

interface TextOptions {
  /**
   * Whether to write link addresses in brackets after their words, quote marks, and item marks. A preview has none of
   * them.
   */
  readonly marks: boolean;
}

export interface WrittenText {
  readonly text: string;
  /** The beginning of the words that a reader does not see. */
  readonly hidden: string;
}

/** Writes the text of an HTML while it is parsed. */
export function writeText(html: string, bounds: HtmlBounds, options: TextOptions): WrittenText {
  const writer = new TextWriter(options);
  readRenderedHtml(html, bounds, writer);
  return { text: writer.text, hidden: writer.hidden };
}

/** An open link, and as much of its text as shows whether the text is its address. */
interface Link {
  readonly href: string;
  text: string;
}

class TextWriter implements RenderedHtmlHandler {
  private readonly output = new TextOutput();
  private links: Link[] = [];
  private tables: TextTable[] = [];
  private lists: TextList[] = [];
  private isAtStartOfPre = false;
  /** True when the next element is a direct child of a flex box or grid. */
  private isInFlex = false;
  hidden = '';

  constructor(private readonly options: TextOptions) {}

  get text(): string {
    return this.output.text;
  }

  words(text: string, { whiteSpace }: Inherited): void {
    if (whiteSpace === 'normal') this.appendToLinks(this.output.add(text));
    else {
      const lines = text.replace(/\r\n?/g, '\n');
      // A browser ignores a line break directly after the tag.
      const shown = this.isAtStartOfPre && lines.startsWith('\n') ? lines.slice(1) : lines;
      this.appendToLinks(this.output.addLines(shown, whiteSpace === 'pre'));
    }
    this.isAtStartOfPre = false;
  }

  hiddenWords(text: string): void {
    if (this.hidden.length < MAX_HIDDEN_LENGTH) this.hidden += text.slice(0, MAX_HIDDEN_LENGTH);
  }

  begin(name: string, attributes: Attributes, style: Inherited): (() => void) | null {
    this.isAtStartOfPre = name === 'pre' || name === 'listing';
    if (name === 'br') this.output.lineBreak();
    if (name === 'br' || name === 'img') return null;
    const display = displayOf(attributes);
    const isItem = this.isInFlex;
    const hasItems = /^(?:inline-)?(?:flex|grid)$/.test(display ?? '');
    if (!isItem && !hasItems) return this.beginBox(name, display, attributes, style);
    this.isInFlex = hasItems;
    // A child of a flex box is a box itself (Flexbox 1, section 4).
    const isInline = isItem && (display === null || display.startsWith('inline'));
    const end = this.beginBox(name, isInline ? 'block' : display, attributes, style);
    return () => {
      end?.();
      this.isInFlex = isItem;
    };
  }

  private beginBox(
    name: string,
    display: string | null,
    attributes: Attributes,
    style: Inherited,
  ): (() => void) | null {
    const kind = TABLES.get(display ?? '') ?? name;
    const part = this.beginTablePart(kind, display);
    if (part !== null) return part;
    const usual = breaksOf(name, display);
    const breaks = LISTS.has(name) && this.lists.length === 0 ? usual * 2 : usual;
    if (breaks === 0) return name === 'a' ? this.beginLink(attributes, style) : null;
    this.output.boundary(breaks);
    if (name === 'hr') this.output.add(RULE);
    const end = name === 'a' ? this.beginLink(attributes, style) : this.beginContent(kind, attributes);
    return () => {
      end?.();
      this.output.boundary(breaks);
    };
  }

  private beginContent(name: string, attributes: Attributes): (() => void) | null {
    if (name === 'table') return this.beginTable(attributes);
    if (!this.options.marks) return null;
    if (name === 'blockquote') return this.output.indent('> ');
    if (LISTS.has(name)) {
      this.lists.push(new TextList(name === 'ol', this.lists.length > 0, attributes));
      return () => this.lists.pop();
    }
    if (name !== 'li') return null;
    const mark = (this.lists.at(-1) ?? new TextList(false, false, {})).mark(attributes);
    return this.output.indent(' '.repeat(mark.length), mark);
  }

  private beginTable({ role }: Attributes): () => void {
    const table = new TextTable(this.output, /^\s*(?:presentation|none)\s*$/i.test(role ?? ''));
    this.tables.push(table);
    return () => {
      this.tables.pop();
      table.end();
    };
  }

  private beginTablePart(name: string, display: string | null): (() => void) | null {
    const table = this.tables.at(-1);
    if (table === undefined || !/^t[rdh]$/.test(name)) return null;
    if (name === 'tr') return table.beginRow();
    // Such cells are stacked, as for a small screen.
    return display !== null && /^(?:block|flex|grid|list-item)/.test(display) ? null : table.beginCell();
  }

  private beginLink({ href: written = '' }: Attributes, style: Inherited): (() => void) | null {
    const href = written.trim().replace(/^mailto:/i, '');
    if (href === '' || href.startsWith('#') || !this.options.marks || !showsWords(style)) return null;
    const link: Link = { href, text: '' };
    this.links.push(link);
    return () => {
      this.links.pop();
      if (link.text !== href) this.output.add(link.text === '' ? href : ` [${href}]`);
    };
  }

  private appendToLinks(text: string): void {
    for (const link of this.links) if (link.text.length <= link.href.length) link.text += text.replaceAll(' ', '');
  }
}

/** Returns the number of breaks around an element, by its style or else by its name. */
function breaksOf(name: string, display: string | null): number {
  const usual = BOXES.get(name) ?? (/^t[rdh]$/.test(name) ? 1 : 0);
  if (display === null) return usual;
  if (/^(?:inline|contents|ruby|none)/.test(display)) return 0;
  return usual === 0 ? 1 : usual;
}
