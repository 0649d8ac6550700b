import { hash } from 'node:crypto';

/**
 * Returns the first `length` characters of the SHA-256 of a text in base64url, each of which has 6 bits. A cursor that
 * must stay small recognises the text by it. A collision is as likely as `length` allows, so it may cause a repetition
 * but must never cause a loss.
 */
export const shortHash = (text: string, length: number): string => hash('sha256', text, 'base64url').slice(0, length);
