import { GoogleError, parseError } from '../errors.ts';
import type { Shape } from './shapes.ts';

export type Json = Readonly<Record<string, unknown>>;

/** Reads a JSON body and refuses unknown fields, as Google's transcoding does. */
export function parseJson(bytes: Buffer, contentType: string, shape: Shape | undefined): Json {
  if (bytes.length === 0) return {};
  if (!/^application\/json\b/i.test(contentType))
    throw parseError(`Invalid JSON payload received. Unsupported content type: ${contentType || '(none)'}`);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw parseError('Invalid JSON payload received. Parsing terminated before end of input.');
  }
  if (!isObject(value)) throw parseError('Invalid JSON payload received. Root element must be a message.');
  check(value, shape ?? {}, '');
  return value;
}

export function text(body: Json, name: string): string | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw wrongType(name, 'TYPE_STRING');
  return value;
}

export function texts(body: Json, name: string): readonly string[] {
  const value = body[name];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) throw wrongType(name, 'TYPE_STRING');
  return value;
}

export function object(body: Json, name: string): Json | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw wrongType(name, 'TYPE_MESSAGE');
  return value;
}

export function oneOf<T extends string>(body: Json, name: string, allowed: readonly T[]): T | undefined {
  const value = text(body, name);
  if (value === undefined) return undefined;
  const known = allowed.find((word) => word === value);
  if (!known) throw wrongType(name, 'TYPE_ENUM');
  return known;
}

function check(value: Json, shape: Shape, at: string): void {
  for (const [name, inner] of Object.entries(value)) {
    const known = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (known === undefined) {
      const where = at ? ` at '${at}'` : '';
      throw parseError(`Invalid JSON payload received. Unknown name "${name}"${where}: Cannot find field.`);
    }
    if (known === true) continue;
    for (const item of Array.isArray(inner) ? inner : [inner])
      if (isObject(item)) check(item, known(), at ? `${at}.${name}` : name);
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrongType(name: string, type: string): GoogleError {
  return new GoogleError(400, 'INVALID_ARGUMENT', 'badRequest', `Invalid value at '${name}' (${type})`);
}
