import { randomBytes } from 'node:crypto';
import type { PageTokens } from '../world.ts';
import { badParameter } from './errors.ts';
import type { Position } from './mailbox/message.ts';

/** The place where a list continues: after this message, among the mail that existed when the first page was read. */
interface Place extends Position {
  readonly asOf: number;
}

/** A page token names the last message of a page and not its offset, so that new mail moves nothing. */
export function encodePlace({ receivedAt, order, id, asOf }: Place, tokens: PageTokens): string {
  const more = tokens === 'random' ? [randomBytes(6).toString('base64url')] : [];
  return Buffer.from(JSON.stringify([receivedAt, order, id, asOf, ...more])).toString('base64url');
}

export function decodePlace(token: string | null): Place | null {
  if (!token) return null;
  const values = read(token);
  const [receivedAt, order, id, asOf] = values;
  if (typeof receivedAt !== 'number' || typeof order !== 'number' || typeof id !== 'string' || typeof asOf !== 'number')
    throw invalidToken();
  return { receivedAt, order, id, asOf };
}

export const invalidToken = () => badParameter('Invalid pageToken', 'pageToken');

/** Gmail's estimates are rough: they are exact on the last page, and a fixed number as long as there is another one. */
export function estimate(shown: number, more: boolean): number {
  return more ? Math.max(shown + 1, 201) : shown;
}

function read(token: string): readonly unknown[] {
  try {
    const values: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    return Array.isArray(values) ? values : [];
  } catch {
    return [];
  }
}
