/** Matches a command, whose name follows RFC 1896 2, or the text up to the next one. */
const PIECE = /<<|<(\/?[a-z0-9-]{1,60})>|\n+|[^<\n]+|</gi;

/**
 * Returns the text of text/enriched (RFC 1896). Commands and their parameters are removed, and "<<" becomes "<". A
 * single line break becomes a blank, and of several breaks one is removed, except in text marked as unfilled.
 */
export function textOfEnriched(source: string): string {
  return withoutCommands(source, 'param', 'nofill', (breaks) => (breaks === 1 ? ' ' : '\n'.repeat(breaks - 1)));
}

/** Returns the text of text/richtext (RFC 1341 7.1.3), in which only <nl> breaks a line and <lt> is "<". */
export const textOfRichtext = (source: string): string => withoutCommands(source, 'comment', '', () => ' ');

function withoutCommands(
  source: string,
  parameter: string,
  unfilled: string,
  breaksToText: (breaks: number) => string,
): string {
  const out: string[] = [];
  let skipDepth = 0;
  let unfilledDepth = 0;
  for (const [piece, command = ''] of source.matchAll(PIECE)) {
    const name = command.toLowerCase();
    const isEnd = name.startsWith('/');
    const bareName = isEnd ? name.slice(1) : name;
    if (bareName === parameter) skipDepth = Math.max(0, skipDepth + (isEnd ? -1 : 1));
    else if (bareName === unfilled && unfilled !== '') unfilledDepth = Math.max(0, unfilledDepth + (isEnd ? -1 : 1));
    else if (skipDepth > 0) continue;
    else if (name === 'nl' || name === 'np' || name === 'paragraph') out.push('\n');
    else if (name === 'lt') out.push('<');
    else if (piece === '<<') out.push('<');
    else if (piece.startsWith('\n')) out.push(unfilledDepth > 0 ? piece : breaksToText(piece.length));
    else if (command === '') out.push(piece);
  }
  return out.join('').trim();
}
