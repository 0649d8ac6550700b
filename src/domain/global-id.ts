import { badInput } from './error.ts';

interface GlobalId {
  readonly type: string;
  readonly parts: readonly string[];
}

/** Every id of this API is far shorter than this. Exchange's immutable ids have about 200 characters. */
const MAX_ID_LENGTH = 2048;
/** Text that encodeURIComponent does not change. Nearly every id matches, and this test is faster than encoding it. */
const UNRESERVED = /^[\w-]*$/;

/** The global id of a node: its type's name and the ids that find it. Clients treat it as opaque. */
export function encodeId(type: string, ...parts: readonly string[]): string {
  let text = type;
  for (const part of parts) text += `:${UNRESERVED.test(part) ? part : encodeURIComponent(part)}`;
  return Buffer.from(text).toString('base64url');
}

/** Decodes an id of encodeId. Throws BAD_USER_INPUT, naming the id, for a text that is not one. */
export function decodeId(id: string): GlobalId {
  const decoded = tryDecode(id);
  if (!decoded)
    throw badInput(`"${shorten(id)}" is not an id of this API. Pass ids exactly as they were given to you.`);
  return decoded;
}

/** Whether a text is an id of encodeId. */
export const isGlobalId = (id: string): boolean => tryDecode(id) !== null;

/** The `count` parts of an id of this `type`. Throws BAD_USER_INPUT, naming the id and both types, for another id. */
export function partsOf(id: string, type: string, count: number): readonly string[] {
  const decoded = decodeId(id);
  if (decoded.type !== type) {
    throw badInput(`"${shorten(id)}" is the id of a ${shorten(decoded.type)}, and this needs the id of a ${type}.`);
  }
  if (decoded.parts.length !== count) throw badInput(`"${shorten(id)}" is not the id of a ${type}.`);
  return decoded.parts;
}

/** The single part of an id, such as that of an integration, a user or a submission. */
export const singleId = (id: string, type: string): string => partsOf(id, type, 1)[0] as string;

/** The parts of an id inside an account: the integration and the provider's own id. */
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
    // Only one spelling of each id is accepted, because a client's cache would store an object with two spellings twice.
    return parts.every(Boolean) && encodeId(type, ...parts) === id ? { type, parts } : null;
  } catch {
    return null;
  }
}

const shorten = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}...` : text);
