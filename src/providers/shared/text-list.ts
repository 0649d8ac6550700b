import { TextBlock } from './text-block.ts';

const ROMAN = [
  ['m', 1000],
  ['cm', 900],
  ['d', 500],
  ['cd', 400],
  ['c', 100],
  ['xc', 90],
  ['l', 50],
  ['xl', 40],
  ['x', 10],
  ['ix', 9],
  ['v', 5],
  ['iv', 4],
  ['i', 1],
] as const;

/** A list while it is read. How far in its items stand is known when all of them are. */
export class TextList {
  private readonly items: { mark: string; block: TextBlock }[] = [];
  private readonly block: TextBlock;
  private next: number;

  constructor(
    private readonly outer: TextBlock,
    private readonly isNumbered: boolean,
    /** In an item of another list. */
    private readonly isInner: boolean,
    private readonly attributes: Readonly<Record<string, string>>,
  ) {
    this.block = new TextBlock(outer, isInner ? 1 : 2);
    const start = Number(attributes.start || '1');
    this.next = Number.isInteger(start) ? start : 1;
  }

  /** Where the words of an item go; of what is none, and stands in a list all the same, without a mark. */
  begin(isItem: boolean): TextBlock {
    const block = new TextBlock(this.block, 1);
    this.items.push({ mark: isItem ? this.mark() : '', block });
    return block;
  }

  end(): void {
    if (this.items.length === 0) return;
    const width = this.items.reduce((most, { mark }) => Math.max(most, mark.length), 0);
    const indent = `\n${' '.repeat(width)}`;
    for (const { mark, block } of this.items) {
      const { text } = block;
      block.endIn(this.block, 1, mark.padEnd(width) + (text.includes('\n') ? text.split('\n').join(indent) : text));
    }
    this.block.dropBreaks();
    if (this.block.text !== '') this.block.endIn(this.outer, this.isInner ? 1 : 2);
  }

  private mark(): string {
    const mark = this.isNumbered ? ` ${numeral(this.next++, this.attributes.type)}. ` : ' * ';
    return this.isInner ? mark.trimStart() : mark;
  }
}

function numeral(number: number, type = '1'): string {
  if (number < 1 || number > 3_999) return String(number);
  if (type === 'i') return roman(number);
  if (type === 'I') return roman(number).toUpperCase();
  if (type === 'a') return letters(number);
  return type === 'A' ? letters(number).toUpperCase() : String(number);
}

function roman(number: number): string {
  let text = '';
  let left = number;
  for (const [sign, value] of ROMAN) for (; left >= value; left -= value) text += sign;
  return text;
}

/** a to z, aa, ab and on. */
function letters(number: number): string {
  let text = '';
  for (let left = number; left > 0; left = Math.floor((left - 1) / 26))
    text = String.fromCharCode(97 + ((left - 1) % 26)) + text;
  return text;
}
