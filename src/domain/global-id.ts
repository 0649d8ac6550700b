import { badInput } from './error.ts';

interface GlobalId {
  readonly type: string;
  readonly parts: readonly string[];
}

/** Exchange's immutable ids have about 200 characters; every id of this API is far shorter than this. */
const MAX_ID_LENGTH = 2048;
/** Text that encodeURIComponent does not change. Nearly every id is such a text, and this test is faster than encoding it. */
const UNRESERVED = /^[\w-]*$/;

/** The global id of a node: its type's name and whatever finds it, opaque to the caller. */
export function encodeId(type: string, ...parts: readonly string[]): string {
  let text = type;
  for (const part of parts) text += `:${UNRESERVED.test(part) ? part : encodeURIComponent(part)}`;
  return Buffer.from(text).toString('base64url');
}

/** The reverse of encodeId. Throws BAD_USER_INPUT, naming the id, for anything that encodeId cannot have made. */
export function decodeId(id: string): GlobalId {
  const decoded = tryDecode(id);
  if (!decoded)
    throw badInput(`"${shorten(id)}" is not an id of this API. Pass ids exactly as they were given to you.`);
  return decoded;
}

/** Whether encodeId can have made it. */
export const isGlobalId = (id: string): boolean => tryDecode(id) !== null;

/** The parts of an id that must be of `type` and have `count` of them. Throws BAD_USER_INPUT, naming the id and both types. */
export function partsOf(id: string, type: string, count: number): readonly string[] {
  const decoded = decodeId(id);
  if (decoded.type !== type) {
    throw badInput(`"${shorten(id)}" is the id of a ${shorten(decoded.type)}, and this needs the id of a ${type}.`);
  }
  if (decoded.parts.length !== count) throw badInput(`"${shorten(id)}" is not the id of a ${type}.`);
  return decoded.parts;
}

/** An id that is one string: an integration, a user, a submission. */
export const singleId = (id: string, type: string): string => partsOf(id, type, 1)[0] as string;

/** An id of something inside an account: its integration and the provider's own id. */
export function accountId(id: string, type: string): { integrationId: string; providerId: string } {
  const [integrationId, providerId] = partsOf(id, type, 2) as [string, string];
  return { integrationId, providerId };
}

function tryDecode(id: string): GlobalId | null {
  if (id.length === 0 || id.length > MAX_ID_LENGTH) return null;
  const text = Buffer.from(id, 'base64url').toString('utf8');
  const [type = '', ...encoded] = text.split(':');
  if (!/^[A-Z][A-Za-z]{0,40}$/.test(type) || encoded.length === 0) return null;
  try {
    const parts = encoded.map(decodeURIComponent);
    // No id of this API contains a NUL, and PostgreSQL accepts none in a text.
    if (parts.some((part) => part.includes('\0'))) return null;
    // Each id has one spelling: with a second one, a client's cache would hold the same object twice.
    return parts.every(Boolean) && encodeId(type, ...parts) === id ? { type, parts } : null;
  } catch {
    return null;
  }
}

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}...` : text);
