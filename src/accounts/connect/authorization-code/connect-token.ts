import { randomBytes, randomInt } from 'node:crypto';
import { sha256 } from '../../../platform/secrets/digest.ts';

/** What finishes a connect flow: a token that a page passes on, or a code that a person types. */
export interface FinishToken {
  readonly kind: 'token' | 'code';
  /** In the one spelling that is compared. */
  readonly value: string;
}

/** Crockford's base 32: no I, L, O or U, so that nothing reads as something else and no word is spelled. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** 50 bits. Only its flow's own user can try it, five times; so nothing is gained by making it longer. */
const CODE_LENGTH = 10;
const TOKEN = /^[\w-]{43}$/;
/** Longer than either with everything that may stand between. */
const MAX_LENGTH = 100;

/** 256 random bits. */
export const newToken = (): string => randomBytes(32).toString('base64url');

/** Two groups of five characters. */
export function newCode(): string {
  const letters = Array.from({ length: CODE_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]);
  return `${letters.slice(0, CODE_LENGTH / 2).join('')}-${letters.slice(CODE_LENGTH / 2).join('')}`;
}

/**
 * What was handed in. Of a code a person's case, width, spaces, hyphens and quotation marks do not matter, and the letters
 * that look like digits are read as those.
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

/** For the row of a flow that has ended, whose token opens nothing any more. */
export const hashOf = ({ kind, value }: FinishToken): string => sha256(`${kind} ${value}`);
