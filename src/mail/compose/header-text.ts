import type { Address } from '../../domain/address.ts';
import { isOneLine } from '../../domain/one-line.ts';
import { type FieldPath, invalid } from '../account/input-error.ts';
import type { RequestedAddress } from './compose-request.ts';

/** RFC 5322 lets a header line have 998; a longer one is folded, and no longer read by anybody. */
const MAX_LINE_LENGTH = 998;
/** RFC 5321, in bytes. */
const MAX_ADDRESS_BYTES = 254;
const MAX_LOCAL_PART_BYTES = 64;

/** Letters of any script, and what RFC 5322 lets stand without quotes. */
const LOCAL_PART = /^[\p{L}\p{M}\p{N}!#$%&'*+\-/=?^_`{|}~.]+$/u;
/**
 * What needs quotes to be a local part (RFC 5321 4.1.2), as "john smith" does; letters of any script by RFC 6531. Without
 * angle brackets, which would be taken out on the way: the mail would go to another address.
 */
const QUOTED_LOCAL_PART = /^"(?:[\p{L}\p{M}\p{N} !#-;=?-[\]-~]|\\[ -;=?-~])+"$/u;
const LABEL = /^[\p{L}\p{M}\p{N}](?:[\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}])?$/u;

/** A name or a subject with a line break would be a header of its own. */
export function oneLine(text: string, field: FieldPath): string {
  if (!isOneLine(text)) throw invalid('Line breaks and other control characters are not allowed here.', field);
  if (text.length > MAX_LINE_LENGTH)
    throw invalid(`At most ${MAX_LINE_LENGTH} characters; this has ${text.length}.`, field);
  return text;
}

/** Whether mail can be sent there as far as the spelling tells. Names of hosts alone are not taken. */
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

/** Throws INVALID with the path of what cannot stand in a header. */
export function addressesOf(field: string, given: readonly RequestedAddress[]): Address[] {
  return given.map(({ name, address }, index) => {
    const at = [field, String(index)];
    const trimmed = oneLine(address, [...at, 'address']).trim();
    if (!isAddress(trimmed)) throw invalid(`"${shown(trimmed)}" is not an email address.`, [...at, 'address']);
    return { name: name?.trim() ? oneLine(name, [...at, 'name']).trim() : null, address: trimmed };
  });
}

const shown = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}...` : text);
