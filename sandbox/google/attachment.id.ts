import { randomBytes } from 'node:crypto';
import { invalidArgument } from './errors.ts';

const PREFIX = 'ANGjdJ';
const NONCE = 9;

/** Gmail returns another attachmentId each time a message is read, and accepts all of them. */
export function attachmentIdOf(messageId: string, partId: string): string {
  return PREFIX + Buffer.concat([randomBytes(NONCE), Buffer.from(`${messageId}:${partId}`)]).toString('base64url');
}

/** Throws GoogleError 400 for an id that was not issued for this message. */
export function partIdOf(attachmentId: string, messageId: string): string {
  const said = Buffer.from(attachmentId.slice(PREFIX.length), 'base64url').subarray(NONCE).toString();
  const [of, partId, rest] = said.split(':');
  if (!attachmentId.startsWith(PREFIX) || of !== messageId || partId === undefined || rest !== undefined)
    throw invalidArgument('Invalid attachment token');
  return partId;
}
