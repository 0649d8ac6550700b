import { bareAddress, sameAddress } from './address.ts';
import { isBlank } from './blank.ts';
import { toOneLine } from './one-line.ts';

/**
 * A display name in the form in which it is shown: one line, without characters that change the direction of the text around it,
 * and without quotes around the whole name, which some senders encode with it. Null: the name is empty or invisible. A name that
 * looks like an address is kept.
 */
export function displayName(text: string): string | null {
  if (/^\w[\w .-]*\w$/.test(text) && !text.includes('  ')) return text;
  const line = toOneLine(text).replace(/\s+/g, ' ');
  // An apostrophe inside a word does not end a quote.
  const quoted = /^"([^"]*)"$|^'((?:[^']|(?<=[\p{L}\p{N}])'(?=[\p{L}\p{N}]))*)'$/u.exec(line);
  const name = quoted ? (quoted[1] ?? quoted[2] ?? '').trim() : line;
  return isBlank(name) ? null : name;
}

/** The display name for an address. Null: it only repeats the address, in quotes, brackets or capitals. */
export function nameBeside(address: string, text: string): string | null {
  const name = displayName(text);
  return name === null || sameAddress(bareAddress(name.replace(/^<([^<>]*)>$/, '$1')), address) ? null : name;
}
