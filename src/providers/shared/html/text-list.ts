import type { Attributes } from './hidden.ts';

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

/** A list that is being read. It returns the mark of each item. */
export class TextList {
  private next: number;

  constructor(
    private readonly isNumbered: boolean,
    /** True for a list inside another list's item. */
    private readonly isInner: boolean,
    private readonly attributes: Attributes,
  ) {
    this.next = wholeNumber(attributes.start) ?? 1;
  }

  mark(item: Attributes): string {
    this.next = wholeNumber(item.value) ?? this.next;
    const mark = this.isNumbered ? ` ${numeral(this.next++, this.attributes.type)}. ` : ' * ';
    return this.isInner ? mark.trimStart() : mark;
  }
}

function wholeNumber(written: string | undefined): number | null {
  return written !== undefined && /^ *[+-]?\d{1,9} *$/.test(written) ? Number(written) : null;
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

/** Numbers items by letters: a to z, aa, ab and so on. */
function letters(number: number): string {
  let text = '';
  for (let left = number; left > 0; left = Math.floor((left - 1) / 26))
    text = String.fromCharCode(97 + ((left - 1) % 26)) + text;
  return text;
}
