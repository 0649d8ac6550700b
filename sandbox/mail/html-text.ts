import { Tokenizer } from 'htmlparser2';

interface HtmlTextOptions {
  /** Where links lead to, in brackets behind them, as Exchange writes them. */
  readonly links?: boolean;
  /** The number of characters after which reading ends, because a preview needs no more. */
  readonly enough?: number;
}

const set = (names: string): ReadonlySet<string> => new Set(names.split(' '));

/** Set apart by an empty line. */
const PARAGRAPHS = set('p h1 h2 h3 h4 h5 h6 ul ol dl table pre blockquote hr');
/** On lines of their own. */
const LINES = set(
  'div li tr dt dd address article aside body caption center fieldset figure footer form header main nav section',
);
const HIDDEN = set('script style title');

/**
 * Returns the words of an HTML as a reader sees them, without images. It makes one pass and keeps no stack of elements, so its
 * time is linear however deep a hostile HTML is nested.
 */
export function htmlToText(html: string, options: HtmlTextOptions = {}): string {
  const reader = new Reader(html, options);
  return reader.read();
}

class Reader {
  private out: string[] = [];
  private length = 0;
  /** Line breaks that are due before the next word; -1 while there was none yet. */
  private breaks = -1;
  private space = false;
  private tag = '';
  private attribute = '';
  private href = '';
  private hidden = '';
  private preformatted = 0;
  /** Where links that are open lead to; those that are never closed are few in mail, and forgotten. */
  private readonly linked: string[] = [];
  /** Whether the row has a cell already: a tab stands before the next one's words, as Exchange writes it. */
  private hasCell = false;
  private tab = false;

  constructor(
    private readonly html: string,
    private readonly options: HtmlTextOptions,
  ) {}

  read(): string {
    const nothing = () => {};
    const enough = this.options.enough ?? Number.POSITIVE_INFINITY;
    const tokenizer: Tokenizer = new Tokenizer(
      {},
      {
        ontext: (start, end) => {
          this.text(this.html.slice(start, end));
          if (this.length > enough) tokenizer.pause();
        },
        ontextentity: (codePoint) => this.text(String.fromCodePoint(codePoint)),
        onopentagname: (start, end) => {
          this.tag = this.html.slice(start, end).toLowerCase();
          this.href = '';
        },
        onattribname: (start, end) => {
          this.attribute = this.tag === 'a' ? this.html.slice(start, end).toLowerCase() : '';
        },
        onattribdata: (start, end) => {
          if (this.attribute === 'href') this.href += this.html.slice(start, end);
        },
        onattribentity: (codePoint) => {
          if (this.attribute === 'href') this.href += String.fromCodePoint(codePoint);
        },
        onopentagend: () => this.open(this.tag),
        onselfclosingtag: () => this.open(this.tag),
        onclosetag: (start, end) => this.close(this.html.slice(start, end).toLowerCase()),
        onattribend: nothing,
        oncdata: nothing,
        oncomment: nothing,
        ondeclaration: nothing,
        onprocessinginstruction: nothing,
        onend: nothing,
      },
    );
    tokenizer.write(this.html);
    if (this.length <= enough) tokenizer.end();
    return this.out.join('');
  }

  private open(name: string): void {
    if (HIDDEN.has(name)) this.hidden = name;
    else if (name === 'br') this.lineBreak();
    else if (name === 'pre') this.preformatted++;
    else if (name === 'a' && this.options.links) this.linked.push(this.href);
    this.block(name);
    if (name === 'hr') this.word('-'.repeat(8));
    if (name === 'hr') this.block(name);
    if (name === 'li') this.word(' * ');
    if (name === 'td' || name === 'th') this.tab = this.hasCell;
    if (name === 'td' || name === 'th' || name === 'tr') this.hasCell = name !== 'tr';
  }

  private close(name: string): void {
    if (this.hidden === name) this.hidden = '';
    else if (name === 'pre') this.preformatted = Math.max(0, this.preformatted - 1);
    else if (name === 'a') {
      const href = this.linked.pop();
      if (href) this.word(` [${href}]`);
    }
    this.block(name);
  }

  private block(name: string): void {
    const due = PARAGRAPHS.has(name) ? 2 : LINES.has(name) ? 1 : 0;
    if (due > 0 && this.breaks !== -1) this.breaks = Math.max(this.breaks, due);
  }

  private lineBreak(): void {
    if (this.breaks !== -1) this.breaks++;
  }

  private text(text: string): void {
    if (this.hidden !== '') return;
    if (this.preformatted > 0) {
      this.word(text);
      return;
    }
    const words = text.replace(/[ \t\r\n\f\u200b]+/g, ' ');
    if (words.startsWith(' ')) this.space = true;
    // Not trim(), which takes a space that must not break for one that may.
    const trimmed = words.replace(/^ | $/g, '');
    if (trimmed === '') return;
    this.word(trimmed);
    this.space = words.endsWith(' ');
  }

  private word(text: string): void {
    const between = this.tab ? '\t' : this.space ? ' ' : '';
    const before = this.breaks > 0 ? '\n'.repeat(Math.min(this.breaks, 1000)) : this.breaks === 0 ? between : '';
    this.out.push(before + text);
    this.length += before.length + text.length;
    this.breaks = 0;
    this.space = false;
    this.tab = false;
  }
}
