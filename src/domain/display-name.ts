/**
 * A display name as it is shown: one line, in which nothing steers the text around it. Line breaks and other control
 * characters become spaces; embeddings, overrides and isolates of text direction go, since they would set the address
 * beside the name in another order (Unicode Technical Report 36, 2.9). The quotes around a whole name go too: senders
 * encode them with it. Null: there is none. What looks like an address stays: it is a name all the same.
 */
export function displayName(text: string): string | null {
  if (/^\w[\w .-]*\w$/.test(text) && !text.includes('  ')) return text;
  const line = text
    .replace(/[\u202a-\u202e\u2066-\u2069]/g, '')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim();
  const quoted = /^"([^"]*)"$|^'([^']*)'$/.exec(line);
  return (quoted ? (quoted[1] ?? quoted[2] ?? '').trim() : line) || null;
}
