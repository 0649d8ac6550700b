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
import { AnswerTooLarge, errorText, errorWord, refused, TokenRefused, unreachable } from './errors.ts';

/** What the SDK is told, whatever cloud or emulator is asked: it sends no token anywhere else. */
const SDK_ORIGIN = 'https://graph.microsoft.com';

export interface GraphRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Under /v1.0, with an encoded query. */
  readonly path: string;
  readonly cost: RequestCost;
  /** A function is asked again for each try. */
  readonly body?: string | (() => string);
  readonly contentType?: string;
  /** Only of this version: CONFLICT when it is another by now. */
  readonly ifVersion?: string;
  /** Preferences beside the immutable ids, which every request asks for. */
  readonly prefer?: string;
}

/** A request to a URL that Graph gave, which carries its own authority: it gets no token. */
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

/** The path of a request as it was given: the SDK puts the parts of a query into an order of its own. */
class GivenPath implements MiddlewareOptions {
  constructor(readonly path: string) {}
}

/** Ends the SDK's chain: the request goes to the configured origin, and only there. */
class OriginHandler implements Middleware {
  constructor(private readonly origin: string) {}

  async execute(context: Context): Promise<void> {
    const given = context.middlewareControl?.getMiddlewareOptions(GivenPath);
    if (!(given instanceof GivenPath) || !String(context.request).startsWith(`${SDK_ORIGIN}/`))
      throw new Error('a request left Graph');
    const init = { ...(context.options as RequestInit), redirect: 'error' as const };
    context.response = await fetch(`${this.origin}/v1.0${given.path}`, init);
  }
}

/** The SDK without its retries, which ignore what request-limiter.ts knows. One for all accounts: the token comes with each request. */
export function createSdk(graphUrl: string | null): Client {
  const noToken = { getAccessToken: async () => Promise.reject(new Error('a request came without its token')) };
  const chain: Middleware[] = [
    new AuthenticationHandler(noToken),
    new TelemetryHandler(),
    new OriginHandler(graphUrl ?? SDK_ORIGIN),
  ];
  return Client.initWithMiddleware({ middleware: chain, baseUrl: `${SDK_ORIGIN}/` });
}

/** One request with one token. The answer as it is; throws PROVIDER_UNAVAILABLE without one. */
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
      new GivenPath(request.path),
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

/** The error that an answer is; reads its body for Graph's word only. */
export async function refusalOf(response: Response): Promise<Error> {
  const body = await response.json().catch(() => null);
  const said = { code: errorWord(body), message: errorText(body, 'message') };
  return refused({ status: response.status, ...said, retryAfter: response.headers.get('retry-after') });
}

/** Every request to one account: its token, the limiter around it, and again with a newer token after a 401. */
export class GraphClient {
  constructor(
    private readonly sdk: Client,
    private readonly account: SessionOptions,
    private readonly graphUrl: string | null,
  ) {}

  /**
   * `read` runs inside the limiter, so that the answer's body counts as part of the request; a 401 that it finds inside the
   * answer may be thrown as TokenRefused.
   */
  request<T>(
    request: GraphRequest,
    call: Call,
    read: (response: Response, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return authorized(this.account, call, {
      cost: request.cost,
      isTokenRefused: (error) => error instanceof TokenRefused,
      attempt: async (token, signal) => read(await this.answer(request, token, signal), signal),
    });
  }

  /** A file as it comes: Graph counts the request until the last byte, and so does the limiter. */
  stream(request: GraphRequest, call: Call): Promise<ReadableStream<Uint8Array>> {
    return authorizedStream(this.account, call, {
      cost: request.cost,
      isTokenRefused: (error) => error instanceof TokenRefused,
      attempt: async (token, signal) => (await this.answer(request, token, signal)).body,
    });
  }

  /** Parts of one request to this mailbox that Graph may run side by side now. */
  get maxSlots(): number {
    return this.account.limiter.maxSlots;
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
    return this.account.limiter.request(request.cost, call, async (signal) => {
      const init = { method, headers, signal, redirect: 'error' as const, ...(body ? { body: body as BodyInit } : {}) };
      const response = await fetch(url, init).catch((error: unknown) => {
        signal.throwIfAborted();
        throw unreachable(error);
      });
      if (!response.ok) throw await refusalOf(response);
      return read(response, signal);
    });
  }

  /** @throws AnswerTooLarge when the answer is longer than `maxBytes`: it is not read to its end, and not asked for again. */
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

  /** For what answers with an empty body: a page that stands in its place says nothing of what was done. */
  async done(request: GraphRequest, call: Call): Promise<void> {
    await this.request(request, call, async (response, signal) => {
      if (!(await isEmpty(response, signal))) throw unreachable('the answer is malformed');
    });
  }
}

/** Uploads go to another host of Microsoft's than Graph's own, and never in the clear but to where Graph itself is so reached. */
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

/** Of an answer that is longer than was allowed. */
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
      // Leaving the loop cancels the rest.
      if (size > maxBytes) return TOO_LARGE;
    }
    return JSON.parse(new TextDecoder().decode(Buffer.concat(chunks)));
  } catch (error) {
    signal.throwIfAborted();
    throw unreachable(error);
  }
}

/** The cost of one request. */
export const cost = (operation: string, safe = true): RequestCost => ({ operation, units: 1, slots: 1, safe });
