import { bareAddress, sameAddress } from './address.ts';
import { isBlank } from './blank.ts';
import { toOneLine } from './one-line.ts';

/**
 * A display name as it is shown: one line, in which nothing steers the text around it. The quotes around a whole name are
 * left out: senders encode them with it. Null: there is none, or none that is seen. What looks like an address stays: it is a name all the same.
 */
export function displayName(text: string): string | null {
  if (/^\w[\w .-]*\w$/.test(text) && !text.includes('  ')) return text;
  const line = toOneLine(text).replace(/\s+/g, ' ');
  // An apostrophe stands within a word, and ends no quotes.
  const quoted = /^"([^"]*)"$|^'((?:[^']|(?<=[\p{L}\p{N}])'(?=[\p{L}\p{N}]))*)'$/u.exec(line);
  const name = quoted ? (quoted[1] ?? quoted[2] ?? '').trim() : line;
  return isBlank(name) ? null : name;
}

/** The name that stands beside an address: null where it only says the address again, in quotes, brackets or capitals. */
export function nameBeside(address: string, text: string): string | null {
  const name = displayName(text);
  return name === null || sameAddress(bareAddress(name.replace(/^<([^<>]*)>$/, '$1')), address) ? null : name;
}
