import { toOneLine } from './one-line.ts';

/**
 * A display name as it is shown: one line, in which nothing steers the text around it. The quotes around a whole name are
 * left out: senders encode them with it. Null: there is none. What looks like an address stays: it is a name all the same.
 */
export function displayName(text: string): string | null {
  if (/^\w[\w .-]*\w$/.test(text) && !text.includes('  ')) return text;
  const line = toOneLine(text).replace(/\s+/g, ' ');
  const quoted = /^"([^"]*)"$|^'([^']*)'$/.exec(line);
  return (quoted ? (quoted[1] ?? quoted[2] ?? '').trim() : line) || null;
}
