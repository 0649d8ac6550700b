const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/** The snippet as plain text. Gmail escapes snippets for HTML. */
export function unescapedSnippet(snippet: string): string {
  return snippet.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|(\w{2,6}));/gi, (whole, decimal, hex, name) => {
    if (name) return ENTITIES[String(name).toLowerCase()] ?? whole;
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** A text part as HTML, for a body with HTML parts. */
export const htmlParagraphOfText = (text: string): string =>
  `<p style="white-space:pre-wrap">${text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')}</p>`;

/** Joins the lines of format=flowed (RFC 3676): a line that ends in a space continues in the next line of the same quote depth. */
export function unflow(text: string, deleteSpace: boolean): string {
  const out: string[] = [];
  // The pieces are joined when the line is complete, because joining after each piece would copy the text each time.
  let pieces: string[] = [];
  let flowing: string | null = null;
  const end = () => {
    if (pieces.length > 0) out.push(pieces.join(''));
    pieces = [];
  };
  for (const line of text.split('\n')) {
    const quote = /^>*/.exec(line)?.[0] ?? '';
    const content = line.slice(quote.length).replace(/^ /, '');
    const continues: boolean = content.endsWith(' ') && content !== '-- ';
    if (flowing !== quote || pieces.length === 0 || content === '-- ') {
      end();
      if (quote !== '') pieces.push(`${quote} `);
    }
    pieces.push(continues && deleteSpace ? content.slice(0, -1) : content);
    flowing = continues ? quote : null;
  }
  end();
  return out.join('\n');
}
