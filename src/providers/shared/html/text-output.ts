import { isBlank } from '../../../domain/blank.ts';

const BLANK_RUN = /[ \t\r\n\f]+/g;

/**
 * Plain text while it is written, line by line. Breaks are due and not written until words come, so that boxes without words
 * leave nothing behind (HTML, "rendered text collection steps"). Each piece is written once: linear in what comes of it.
 */
export class TextOutput {
  private readonly pieces: string[] = [];
  /** Line breaks that were written so far. */
  lines = 0;
  /** Whether there are words in this box; what is due before the first is not written. */
  private isStarted = false;
  /** What the line had before it that this box begins in. */
  private base = '';
  /** Before each line: quote marks, and the blanks that set an item in. */
  private prefix = '';
  /** Before the next line: with the mark of an item that begins there. */
  private firstPrefix = '';
  /** The shortest since the last words: what an empty line has before it. */
  private lowPrefix = '';
  /** Breaks that come for certain before the next words. */
  private breaks = 0;
  /** Breaks that boxes ask for: the greatest number counts. */
  private due = 0;
  private isBehindLineBreak = false;
  private space = false;
  /** What has no ink, at the beginning of a line: written when words follow, and otherwise an empty line. */
  private filler = '';

  get text(): string {
    return this.pieces.join('');
  }

  /** Words, blanks between them made one. Gives them as they were written. */
  add(text: string): string {
    const even = text.replace(BLANK_RUN, ' ');
    if (even.startsWith(' ')) this.space = true;
    const words = even.slice(even.startsWith(' ') ? 1 : 0, even.length > 1 && even.endsWith(' ') ? -1 : undefined);
    if (words === '') return '';
    this.write(words);
    this.space = even.endsWith(' ');
    return words;
  }

  /** Words and blanks as they stand, and the lines too. */
  addLines(text: string, keepsBlanks: boolean): string {
    for (const [index, line] of text.split('\n').entries()) {
      if (index > 0) this.lineBreak();
      if (!keepsBlanks) this.add(line);
      else if (line !== '') this.write(line);
    }
    return text;
  }

  lineBreak(): void {
    this.breaks += this.due + 1;
    this.due = 0;
    this.isBehindLineBreak = true;
    this.space = false;
    this.filler = '';
  }

  /** A box begins or ends here. */
  boundary(breaks: number): void {
    if (this.isBehindLineBreak) this.breaks--;
    else if (this.filler !== '') {
      this.breaks += this.due;
      this.due = 0;
    }
    this.isBehindLineBreak = false;
    this.space = false;
    this.filler = '';
    this.due = Math.max(this.due, breaks);
  }

  /** Sets all that follows further in, until what it gives is called. `mark` stands before the first line. */
  indent(prefix: string, mark = prefix): () => void {
    const outer = this.prefix;
    this.firstPrefix += mark;
    this.prefix += prefix;
    return () => {
      this.prefix = outer;
      this.firstPrefix = outer;
      if (outer.length < this.lowPrefix.length) this.lowPrefix = outer;
    };
  }

  /** A place among what is written, filled in later or not. */
  reserve(): number {
    return this.pieces.push('') - 1;
  }

  fill(at: number, separator: 'line' | 'tab'): void {
    if (separator === 'line') this.lines++;
    this.pieces[at] = separator === 'line' ? `\n${this.prefix}` : '\t';
  }

  /** A row of a table: what is due before it is written before its first cell, if one of them has words. */
  beginRow(): () => void {
    this.boundary(1);
    const before = { breaks: this.breaks, due: this.due, isStarted: this.isStarted, base: this.base };
    const at = this.reserve();
    const lead = this.takeLead();
    this.isStarted = false;
    this.base = this.prefix;
    return () => {
      const isFilled = this.isStarted;
      this.base = before.base;
      this.isStarted ||= before.isStarted;
      this.breaks = isFilled ? 0 : before.breaks;
      this.due = isFilled ? 1 : before.due;
      if (!isFilled) return;
      this.pieces[at] = lead.text;
      this.lines += lead.lines;
    };
  }

  /** A box beside others, such as a cell. What ends it tells whether it has words. */
  beginBox(): () => boolean {
    const { isStarted, base } = this;
    this.reset();
    this.isStarted = false;
    this.base = this.prefix;
    return () => {
      const isFilled = this.isStarted;
      this.reset();
      this.isStarted ||= isStarted;
      this.base = base;
      return isFilled;
    };
  }

  private reset(): void {
    this.breaks = 0;
    this.due = 0;
    this.isBehindLineBreak = false;
    this.space = false;
    this.filler = '';
  }

  private write(words: string): void {
    const isNewLine = !this.isStarted || this.breaks + this.due > 0;
    if (isNewLine && isBlank(words)) {
      this.filler += words;
      return;
    }
    const { filler } = this;
    const between = this.space && (!isNewLine || filler !== '') ? ' ' : '';
    const lead = this.takeLead();
    this.lines += lead.lines;
    this.pieces.push(lead.text + filler + between + words);
    this.isStarted = true;
    this.space = false;
  }

  /** What stands before the next words, and from then on does no more. */
  private takeLead(): { text: string; lines: number } {
    const lines = this.isStarted ? this.breaks + this.due : 0;
    const first = this.firstPrefix;
    const low = this.lowPrefix.trimEnd();
    this.reset();
    this.firstPrefix = this.prefix;
    this.lowPrefix = this.prefix;
    if (!this.isStarted) return { text: first.slice(this.base.length), lines };
    return { text: lines === 0 ? '' : `${`\n${low}`.repeat(lines - 1)}\n${first}`, lines };
  }
}
