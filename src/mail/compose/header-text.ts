import type { Address } from '../../domain/address.ts';
import { isOneLine } from '../../domain/one-line.ts';
import { type FieldPath, invalid } from '../account/input-error.ts';
import type { RequestedAddress } from './compose-request.ts';

/** The maximum length of a header line in RFC 5322. */
const MAX_LINE_LENGTH = 998;
/** The limits of RFC 5321, in bytes. */
const MAX_ADDRESS_BYTES = 254;
const MAX_LOCAL_PART_BYTES = 64;

/** Letters of any script, and the other characters that RFC 5322 allows without quotes. */
const LOCAL_PART = /^[\p{L}\p{M}\p{N}!#$%&'*+\-/=?^_`{|}~.]+$/u;
/**
 * A quoted local part (RFC 5321 4.1.2), such as "john smith", with letters of any script (RFC 6531). Angle brackets are not
 * allowed: they would be removed on the way, and the message would be sent to another address.
 */
const QUOTED_LOCAL_PART = /^"(?:[\p{L}\p{M}\p{N} !#-;=?-[\]-~]|\\[ -;=?-~])+"$/u;
const LABEL = /^[\p{L}\p{M}\p{N}](?:[\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?$/u;

/** Throws INVALID for a line break, which would begin another header. */
export function oneLine(text: string, field: FieldPath): string {
  if (!isOneLine(text)) throw invalid('Line breaks and other control characters are not allowed here.', field);
  if (text.length > MAX_LINE_LENGTH)
    throw invalid(`At most ${MAX_LINE_LENGTH} characters; this has ${text.length}.`, field);
  return text;
}

/** Whether the text has the form of an address that mail can be sent to. The domain needs at least two labels. */
export function isAddress(text: string): boolean {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, Math.max(at, 0));
  const labels = text.slice(at + 1).split('.');
  return (
    (LOCAL_PART.test(local) || QUOTED_LOCAL_PART.test(local)) &&
    labels.length > 1 &&
    labels.every((label) => LABEL.test(label)) &&
    Buffer.byteLength(local) <= MAX_LOCAL_PART_BYTES &&
    Buffer.byteLength(text) <= MAX_ADDRESS_BYTES
  );
}

/** Throws INVALID with the path of the value that is not valid in a header. */
export function addressesOf(field: string, given: readonly RequestedAddress[]): Address[] {
  return given.map(({ name, address }, index) => {
    const at = [field, String(index)];
    const trimmed = oneLine(address, [...at, 'address']).trim();
    if (!isAddress(trimmed)) throw invalid(`"${shown(trimmed)}" is not an email address.`, [...at, 'address']);
    return { name: name?.trim() ? oneLine(name, [...at, 'name']).trim() : null, address: trimmed };
  });
}

const shown = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}...` : text);
