import { isBlank } from '../../../domain/blank.ts';

const BLANK_RUN = /[ \t\r\n\f]+/g;

/**
 * Builds plain text line by line. Line breaks are written only when words follow, so that empty boxes leave nothing
 * behind (HTML, "rendered text collection steps"). Each piece is written once, so the work is linear in the output.
 */
export class TextOutput {
  private readonly pieces: string[] = [];
  /** Number of line breaks written so far. */
  lines = 0;
  /** True when this box has words. Breaks before its first words are not written. */
  private isStarted = false;
  /** The prefix of the line in which this box begins. */
  private base = '';
  /** The prefix of each line: quote marks, and blanks that indent an item. */
  private prefix = '';
  /** The prefix of the next line, with the mark of an item that begins there. */
  private firstPrefix = '';
  /** The shortest prefix since the last words, which an empty line has. */
  private lowPrefix = '';
  /** Number of breaks that are certain to come before the next words. */
  private breaks = 0;
  /** Number of breaks that boxes require. Of several boxes the greatest number counts. */
  private boxBreaks = 0;
  private isBehindLineBreak = false;
  private space = false;
  /**
   * Invisible characters at the beginning of a line. They are written when words follow, and make an empty line
   * otherwise.
   */
  private filler = '';

  get text(): string {
    return this.pieces.join('');
  }

  /** Adds words, reducing runs of blanks to one, and returns them as written. */
  add(text: string): string {
    const even = text.replace(BLANK_RUN, ' ');
    if (even.startsWith(' ')) this.space = true;
    const words = even.slice(even.startsWith(' ') ? 1 : 0, even.length > 1 && even.endsWith(' ') ? -1 : undefined);
    if (words === '') return '';
    this.write(words);
    this.space = even.endsWith(' ');
    return words;
  }

  /** Adds text with its lines, and with its blanks if `keepsBlanks`. */
  addLines(text: string, keepsBlanks: boolean): string {
    for (const [index, line] of text.split('\n').entries()) {
      if (index > 0) this.lineBreak();
      if (!keepsBlanks) this.add(line);
      else if (line !== '') this.write(line);
    }
    return text;
  }

  lineBreak(): void {
    this.breaks += this.boxBreaks + 1;
    this.boxBreaks = 0;
    this.isBehindLineBreak = true;
    this.space = false;
    this.filler = '';
  }

  /** Marks the beginning or end of a box. */
  boundary(breaks: number): void {
    if (this.isBehindLineBreak) this.breaks--;
    else if (this.filler !== '') {
      this.breaks += this.boxBreaks;
      this.boxBreaks = 0;
    }
    this.isBehindLineBreak = false;
    this.space = false;
    this.filler = '';
    this.boxBreaks = Math.max(this.boxBreaks, breaks);
  }

  /** Indents everything that follows until the returned function is called. `mark` comes before the first line. */
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

  /** Reserves a position in the output, which may be filled in later. */
  reserve(): number {
    return this.pieces.push('') - 1;
  }

  fill(at: number, separator: 'line' | 'tab'): void {
    if (separator === 'line') this.lines++;
    this.pieces[at] = separator === 'line' ? `\n${this.prefix}` : '\t';
  }

  /** Begins a table row. Breaks before it are written before its first cell, if any cell has words. */
  beginRow(): () => void {
    this.boundary(1);
    const before = { breaks: this.breaks, boxBreaks: this.boxBreaks, isStarted: this.isStarted, base: this.base };
    const at = this.reserve();
    const lead = this.takeLead();
    this.isStarted = false;
    this.base = this.prefix;
    return () => {
      const isFilled = this.isStarted;
      this.base = before.base;
      this.isStarted ||= before.isStarted;
      this.breaks = isFilled ? 0 : before.breaks;
      this.boxBreaks = isFilled ? 1 : before.boxBreaks;
      if (!isFilled) return;
      this.pieces[at] = lead.text;
      this.lines += lead.lines;
    };
  }

  /** Begins a box beside others, such as a cell. The returned function ends it and returns whether it has words. */
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
    this.boxBreaks = 0;
    this.isBehindLineBreak = false;
    this.space = false;
    this.filler = '';
  }

  private write(words: string): void {
    const isNewLine = !this.isStarted || this.breaks + this.boxBreaks > 0;
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

  /** Returns what comes before the next words, and resets it. */
  private takeLead(): { text: string; lines: number } {
    const lines = this.isStarted ? this.breaks + this.boxBreaks : 0;
    const first = this.firstPrefix;
    const low = this.lowPrefix.trimEnd();
    this.reset();
    this.firstPrefix = this.prefix;
    this.lowPrefix = this.prefix;
    if (!this.isStarted) return { text: first.slice(this.base.length), lines };
    return { text: lines === 0 ? '' : `${`\n${low}`.repeat(lines - 1)}\n${first}`, lines };
  }
}
