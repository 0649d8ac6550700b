import { randomBytes, randomInt } from 'node:crypto';
import { sha256 } from '../../../platform/secrets/digest.ts';

/** What finishes a connect flow: a token that a page passes on, or a code that a person types. */
export interface FinishToken {
  readonly kind: 'token' | 'code';
  /** In the spelling that is compared. */
  readonly value: string;
}

/** Crockford's base 32. It has no I, L, O and U, so that no letter looks like a digit and no word is spelled by chance. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** 50 bits are enough, because only the user of the flow can try the code, and only five times. */
const CODE_LENGTH = 10;
const TOKEN = /^[\w-]{43}$/;
/** Longer than a token, and than a code with everything that may be between its characters. */
const MAX_LENGTH = 100;

/** Returns 256 random bits. */
export const newToken = (): string => randomBytes(32).toString('base64url');

/** Returns two groups of five characters. */
export function newCode(): string {
  const letters = Array.from({ length: CODE_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]);
  return `${letters.slice(0, CODE_LENGTH / 2).join('')}-${letters.slice(CODE_LENGTH / 2).join('')}`;
}

/**
 * Reads what the user entered. Case, width, spaces, hyphens and quotation marks of a code are ignored, and letters that look
 * like digits count as digits.
 */
export function readFinishToken(given: string): FinishToken {
  const text = given.trim();
  if (TOKEN.test(text)) return { kind: 'token', value: text };
  const value = text
    .slice(0, MAX_LENGTH)
    .normalize('NFKC')
    .toUpperCase()
    .replace(/[^\p{L}\p{N}]/gu, '')
    .slice(0, MAX_LENGTH)
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1');
  return { kind: 'code', value };
}

/** Returns the hash that the row of a flow keeps after its end, when the token itself is of no use any more. */
export const hashOf = ({ kind, value }: FinishToken): string => sha256(`${kind} ${value}`);
