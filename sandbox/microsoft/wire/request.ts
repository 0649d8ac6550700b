import type { AccessToken } from '../identity/tokens.ts';
import type { Account } from '../mailbox/accounts.ts';
import { badRequest } from './errors.ts';
import type { Prefer } from './prefer.ts';

/** A request to Graph, on its own or inside a batch. */
export interface GraphRequest {
  readonly method: string;
  /** The path below /v1.0, still encoded, for example "/me/messages". */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The headers, with names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The URL at which the caller reached the emulator, with its prefix and without the version. Links begin with it. */
  readonly base: string;
}

/** An authenticated and routed request, as handlers receive it. */
export interface Call extends GraphRequest {
  readonly account: Account;
  readonly token: AccessToken;
  readonly prefer: Prefer;
  /** The ids of the path, decoded, in order. */
  readonly ids: readonly string[];
  /** Granted scopes, lower case. */
  readonly scopes: ReadonlySet<string>;
  /** The fault makes this page empty, and its items come after the next link. */
  readonly emptyPage: boolean;
  /** The most messages in a page. Null: as many as were requested. */
  readonly maxPage: number | null;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON unless it is a Buffer; absent: empty. */
  readonly body?: object | Buffer;
}

export const ok = (body: object, headers?: Record<string, string>): Answer =>
  headers ? { status: 200, body, headers } : { status: 200, body };
export const created = (body: object, headers?: Record<string, string>): Answer =>
  headers ? { status: 201, body, headers } : { status: 201, body };
export const accepted: Answer = { status: 202 };
export const noContent: Answer = { status: 204 };
export const plain = (text: string): Answer => ({
  status: 200,
  headers: { 'Content-Type': 'text/plain' },
  body: Buffer.from(text),
});

/** The body as a JSON object. Throws BadRequest. */
export function jsonBody(call: Pick<GraphRequest, 'body' | 'headers'>): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(call.body.toString('utf8'));
  } catch {
    throw badRequest(
      'Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.',
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badRequest(
      'Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.',
    );
  return value as Record<string, unknown>;
}

/** The body of an action, whose parameter names Graph matches without case; {} when there is none. */
export function actionBody(call: Pick<GraphRequest, 'body' | 'headers'>): ReadonlyMap<string, unknown> {
  if (call.body.length === 0) return new Map();
  return new Map(Object.entries(jsonBody(call)).map(([name, value]) => [name.toLowerCase(), value]));
}

export const isMimeBody = (call: Pick<GraphRequest, 'headers'>) =>
  /^text\/plain\b/i.test(call.headers['content-type'] ?? '');
