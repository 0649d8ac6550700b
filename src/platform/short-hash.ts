import { hash } from 'node:crypto';

/**
 * The first `length` characters of a text's SHA-256 in base64url, of 6 bits each: to recognise a text by in a cursor that
 * must stay small. A collision is as likely as `length` says, so it may cost a repetition and must never lose anything.
 */
export const shortHash = (text: string, length: number): string => hash('sha256', text, 'base64url').slice(0, length);
