const BLANKS = ' \\t\\r\\n\\f\\u200b';
const BLANK_RUN = new RegExp(`[${BLANKS}]+`, 'g');
const HAS_WORDS = new RegExp(`[^${BLANKS}]`);

/** The text of one box while it is read: whole boxes that are done, and behind them the line that words are added to. */
export class TextBlock {
  private done = '';
  private line = '';
  private isLineEmpty = true;
  private space = false;
  /** Line breaks that are due before what comes next. */
  private due = 0;

  constructor(
    readonly parent: TextBlock | null,
    /** Line breaks before it, in what it stands in. */
    private before: number,
    readonly isPre: boolean = parent?.isPre ?? false,
  ) {}

  /** Words, blanks between them made one. `seen` is told each stretch, and gives what is to be written of it. */
  add(text: string, seen: (words: string) => string = (words) => words): void {
    if (this.isPre) {
      this.done += text;
      return;
    }
    const hasWords = HAS_WORDS.test(text);
    if (text === '' || (this.due > 0 && !hasWords)) return;
    if (this.due > 0) this.newLine(this.due);
    this.due = 0;
    if (!hasWords) {
      this.space = true;
      return;
    }
    const even = text.replace(BLANK_RUN, ' ');
    const [begins, ends] = [even.startsWith(' '), even.endsWith(' ')];
    const words = seen(even.slice(begins ? 1 : 0, ends ? -1 : undefined));
    this.line += (this.space || begins) && !this.isLineEmpty ? ` ${words}` : words;
    this.isLineEmpty = false;
    this.space = ends;
  }

  lineBreak(): void {
    if (this.isPre) this.done += '\n';
    else this.newLine(1);
  }

  get text(): string {
    return this.done + this.line;
  }

  /** Nothing is due behind what stands last in it. */
  dropBreaks(): void {
    this.due = 0;
  }

  /** What stood in it, once it has ended, set into what it stands in. */
  endIn(outer: TextBlock, after: number, text = this.text): void {
    const breaks = Math.max(outer.due, this.before);
    const above = outer.text;
    outer.line = '';
    outer.isLineEmpty = true;
    if (above === '') outer.before = breaks;
    outer.done = above === '' ? text : above + '\n'.repeat(breaks) + text;
    outer.due = Math.max(this.due, after);
  }

  private newLine(count: number): void {
    this.line += '\n'.repeat(count);
    this.isLineEmpty = true;
  }
}
