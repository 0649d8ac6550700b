import {
  AuthenticationHandler,
  AuthenticationHandlerOptions,
  Client,
  type Context,
  type Middleware,
  type MiddlewareOptions,
  ResponseType,
  TelemetryHandler,
} from '@microsoft/microsoft-graph-client';
import type { Call, RequestCost } from '../../contract/call.ts';
import type { SessionOptions } from '../../contract/provider.ts';
import { authorized, authorizedStream } from '../../limiter/authorized.ts';
import { malformed } from './answers.ts';
import { AnswerTooLarge, errorCode, errorText, refused, TokenRefused, unreachable } from './errors.ts';

/** The origin that the SDK sees, whatever cloud or emulator is used, because it sends no token to any other origin. */
const SDK_ORIGIN = 'https://graph.microsoft.com';

export interface GraphRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** The path under /v1.0, with an encoded query. */
  readonly path: string;
  readonly cost: RequestCost;
  /** A function is called again for each try. */
  readonly body?: string | (() => string);
  readonly contentType?: string;
  /** The version that the request applies to. The answer is CONFLICT when the current version is another. */
  readonly ifVersion?: string;
  /** Preferences besides immutable ids, which every request asks for. */
  readonly prefer?: string;
}

/** A request to an upload URL that Graph returned. Such a URL carries its own authorization, so no token is sent. */
interface UploadRequest {
  readonly method: 'PUT' | 'GET' | 'DELETE';
  readonly url: string;
  readonly cost: RequestCost;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

const PREFER_IMMUTABLE = 'IdType="ImmutableId"';
export const preferences = (more?: string): string =>
  more === undefined ? PREFER_IMMUTABLE : `${PREFER_IMMUTABLE}, ${more}`;

/** The path of a request in its original form. The SDK reorders the parameters of a query. */
class RawPath implements MiddlewareOptions {
  constructor(readonly path: string) {}
}

/** The last middleware of the SDK: it sends the request to the configured origin and nowhere else. */
class OriginHandler implements Middleware {
  constructor(private readonly origin: string) {}

  async execute(context: Context): Promise<void> {
    const option = context.middlewareControl?.getMiddlewareOptions(RawPath);
    if (!(option instanceof RawPath) || !String(context.request).startsWith(`${SDK_ORIGIN}/`))
      throw new Error('a request left Graph');
    const init = { ...(context.options as RequestInit), redirect: 'error' as const };
    context.response = await fetch(`${this.origin}/v1.0${option.path}`, init);
  }
}

/**
 * Creates the SDK without its retries, which know nothing of the limits in request-limiter.ts. One client serves all
 * accounts, because the token comes with each request.
 */
export function createSdk(graphUrl: string | null): Client {
  const noToken = { getAccessToken: async () => Promise.reject(new Error('a request came without its token')) };
  const chain: Middleware[] = [
    new AuthenticationHandler(noToken),
    new TelemetryHandler(),
    new OriginHandler(graphUrl ?? SDK_ORIGIN),
  ];
  return Client.initWithMiddleware({ middleware: chain, baseUrl: `${SDK_ORIGIN}/` });
}

/**
 * Sends one request with one token and returns the answer unread. Throws PROVIDER_UNAVAILABLE when there is no answer.
 */
export async function sendOnce(
  sdk: Client,
  request: GraphRequest,
  token: string,
  signal: AbortSignal,
): Promise<Response> {
  const call = sdk
    .api(request.path)
    .middlewareOptions([
      new AuthenticationHandlerOptions({ getAccessToken: async () => token }),
      new RawPath(request.path),
    ])
    .responseType(ResponseType.RAW)
    .option('signal', signal)
    .header('Prefer', preferences(request.prefer));
  const body = typeof request.body === 'function' ? request.body() : request.body;
  if (request.ifVersion !== undefined) call.header('If-Match', `W/"${request.ifVersion}"`);
  if (body !== undefined) call.header('Content-Type', request.contentType ?? 'application/json');
  try {
    if (request.method === 'GET') return (await call.get()) as Response;
    if (request.method === 'DELETE') return (await call.delete()) as Response;
    return (await (request.method === 'POST' ? call.post(body) : call.patch(body))) as Response;
  } catch (error) {
    signal.throwIfAborted();
    throw unreachable(error);
  }
}

/** Returns the error for a refused request. Only Graph's error code and message are read from the body. */
export async function refusalOf(response: Response): Promise<Error> {
  const body = await response.json().catch(() => null);
  const details = { code: errorCode(body), message: errorText(body, 'message') };
  return refused({ status: response.status, ...details, retryAfter: response.headers.get('retry-after') });
}

/**
 * Sends every request to one account: it adds the token, applies the limiter, and repeats the request with a newer
 * token after a 401.
 */
export class GraphClient {
  constructor(
    private readonly sdk: Client,
    private readonly options: SessionOptions,
    private readonly graphUrl: string | null,
  ) {}

  /**
   * `read` runs inside the limiter, so that reading the body counts as part of the request. It may throw TokenRefused
   * for a 401 that it finds inside the answer.
   */
  request<T>(
    request: GraphRequest,
    call: Call,
    read: (response: Response, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return authorized(this.options, call, {
      cost: request.cost,
      isTokenRefused: (error) => error instanceof TokenRefused,
      attempt: async (token, signal) => read(await this.answer(request, token, signal), signal),
    });
  }

  /** Returns a file as a stream. Graph counts the request as running until the last byte, and so does the limiter. */
  stream(request: GraphRequest, call: Call): Promise<ReadableStream<Uint8Array>> {
    return authorizedStream(this.options, call, {
      cost: request.cost,
      isTokenRefused: (error) => error instanceof TokenRefused,
      attempt: async (token, signal) => (await this.answer(request, token, signal)).body,
    });
  }

  /** The number of parts of one batch that Graph may run in parallel for this mailbox now. */
  get maxSlots(): number {
    return this.options.limiter.maxSlots;
  }

  private async answer(request: GraphRequest, token: string, signal: AbortSignal): Promise<Response> {
    const response = await sendOnce(this.sdk, request, token, signal);
    if (!response.ok) throw await refusalOf(response);
    return response;
  }

  upload<T>(
    request: UploadRequest,
    call: Call,
    read: (response: Response, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const { url, method, headers = {}, body } = request;
    if (!isUploadUrl(url, this.graphUrl)) throw unreachable('the upload URL is of another kind');
    return this.options.limiter.request(request.cost, call, async (signal) => {
      const init = { method, headers, signal, redirect: 'error' as const, ...(body ? { body: body as BodyInit } : {}) };
      const response = await fetch(url, init).catch((error: unknown) => {
        signal.throwIfAborted();
        throw unreachable(error);
      });
      if (!response.ok) throw await refusalOf(response);
      return read(response, signal);
    });
  }

  /**
   * @throws AnswerTooLarge when the answer is longer than `maxBytes`. It is then not read to its end and not requested
   * again.
   */
  async json<T>(request: GraphRequest, call: Call, maxBytes = Number.POSITIVE_INFINITY): Promise<T> {
    const answer = await this.request(request, call, async (response, signal) => {
      const answer = await jsonOf(response, signal, maxBytes);
      const failure = answer === TOO_LARGE ? null : malformed(request.method, request.path, answer);
      if (failure) throw failure;
      return answer;
    });
    if (answer === TOO_LARGE) throw new AnswerTooLarge();
    return answer as T;
  }

  /** Sends a request whose good answer has an empty body. A page in its place does not show that the work was done. */
  async done(request: GraphRequest, call: Call): Promise<void> {
    await this.request(request, call, async (response, signal) => {
      if (!(await isEmpty(response, signal))) throw unreachable('the answer is malformed');
    });
  }
}

/**
 * Uploads go to another host of Microsoft's than Graph itself. Plain http is allowed only for the configured Graph
 * origin.
 */
function isUploadUrl(url: string, graphUrl: string | null): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, origin } = new URL(url);
  return protocol === 'https:' || (graphUrl !== null && origin === new URL(graphUrl).origin);
}

async function isEmpty(response: Response, signal: AbortSignal): Promise<boolean> {
  const reader = response.body?.getReader();
  if (!reader) return true;
  try {
    return (await reader.read()).done;
  } catch (error) {
    signal.throwIfAborted();
    throw unreachable(error);
  } finally {
    await reader.cancel().catch(() => {});
  }
}

/** Represents an answer that is longer than the limit. */
export const TOO_LARGE = Symbol('too large');

export async function jsonOf(
  response: Response,
  signal: AbortSignal,
  maxBytes = Number.POSITIVE_INFINITY,
): Promise<unknown> {
  try {
    if (maxBytes === Number.POSITIVE_INFINITY || !response.body) return await response.json();
    if (Number(response.headers.get('content-length')) > maxBytes) {
      await response.body.cancel();
      return TOO_LARGE;
    }
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body) {
      chunks.push(chunk);
      size += chunk.length;
      // Leaving the loop cancels the rest of the body.
      if (size > maxBytes) return TOO_LARGE;
    }
    return JSON.parse(new TextDecoder().decode(Buffer.concat(chunks)));
  } catch (error) {
    signal.throwIfAborted();
    throw unreachable(error);
  }
}

export const cost = (operation: string, safe = true): RequestCost => ({ operation, units: 1, slots: 1, safe });
