import { hash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { isRead, isUrlFault, operationInUrl } from '../http/operation-url.ts';

/** A query as its client asks it, whether by GET or by POST. */
interface AskedQuery {
  /** Identifies the document, the operation and the variables. */
  readonly digest: string;
  /** Whether the request also registers its document under a hash (APQ), which Apollo Server does when it executes it. */
  readonly registers: boolean;
}

/** The URLs whose query is remembered, in characters. A client that asks again sends the same URL. */
const MAX_REMEMBERED_LENGTH = 1_000_000;
/** A request with larger variables is asked too rarely to be kept. */
const MAX_VARIABLES_LENGTH = 100_000;
const MAX_VARIABLES_DEPTH = 50;

/**
 * Reads what a request asks, without parsing its document. Null for every request whose answer is not kept, among them all
 * that Apollo Server refuses for their form.
 */
export class AskedQueries {
  private readonly byUrl = new LRUCache<string, { readonly asked: AskedQuery | null }>({
    maxSize: MAX_REMEMBERED_LENGTH,
    sizeCalculation: (_asked, url) => url.length,
  });

  of({ method, url, body, headers }: Pick<FastifyRequest, 'method' | 'url' | 'body' | 'headers'>): AskedQuery | null {
    if (method === 'POST') return isRecord(body) ? askedIn(body) : null;
    const type = headers['content-type'];
    if (!isRead(method) || (type !== undefined && type !== 'application/json')) return null;
    const known = this.byUrl.get(url);
    if (known) return known.asked;
    const asked = askedInUrl(url);
    this.byUrl.set(url, { asked });
    return asked;
  }
}

function askedInUrl(url: string): AskedQuery | null {
  const operation = operationInUrl(url);
  if (isUrlFault(operation)) return null;
  // Apollo Server refuses a null that a URL spells out.
  if (operation.variables === null || operation.extensions === null) return null;
  return askedIn({ ...operation });
}

function askedIn({ query, operationName, variables, extensions }: Readonly<Record<string, unknown>>) {
  if (operationName != null && typeof operationName !== 'string') return null;
  if (variables != null && !isRecord(variables)) return null;
  if (extensions != null && !isRecord(extensions)) return null;
  // What an operation costs differs each time.
  if (extensions?.cost === true) return null;
  const registered = extensions?.persistedQuery;
  const document = typeof query === 'string' && query !== '' ? hash('sha256', query, 'hex') : null;
  // A text that is no text is refused, and so is an empty one.
  if (query != null && document === null) return null;
  const named = registered == null ? null : hashIn(registered);
  const text = document ?? named;
  if (text === null || (registered != null && named !== text)) return null;
  const values = canonical(variables ?? {}, MAX_VARIABLES_DEPTH);
  if (values === null || values.length > MAX_VARIABLES_LENGTH) return null;
  const digest = hash('sha256', JSON.stringify([text, operationName ?? null, values]), 'base64url');
  return { digest, registers: registered != null && document !== null };
}

/** The hash of the extension `persistedQuery`, in version 1. */
const hashIn = (registered: unknown): string | null =>
  isRecord(registered) && registered.version === 1 && typeof registered.sha256Hash === 'string'
    ? registered.sha256Hash
    : null;

/** Returns JSON whose members are in the order of their names. Null for what is nested too deep, or has no JSON of its own. */
function canonical(value: unknown, depth: number): string | null {
  // A number that is too large is read as infinite, and would be written as null. -0 would be written as 0.
  if (typeof value === 'number' && (!Number.isFinite(value) || Object.is(value, -0))) return null;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (depth === 0) return null;
  const parts: string[] = [];
  const isList = Array.isArray(value);
  for (const key of isList ? value.keys() : Object.keys(value).sort()) {
    const part = canonical((value as Record<string | number, unknown>)[key], depth - 1);
    if (part === null) return null;
    parts.push(isList ? part : `${JSON.stringify(key)}:${part}`);
  }
  return isList ? `[${parts.join()}]` : `{${parts.join()}}`;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
