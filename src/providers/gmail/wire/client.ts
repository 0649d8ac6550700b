import { gmail, type gmail_v1, type MethodOptions } from 'googleapis/build/src/apis/gmail/index.js';
import type { Call, RequestCost } from '../../contract/call.ts';
import type { SessionOptions } from '../../contract/provider.ts';
import { authorized, authorizedStream } from '../../limiter/authorized.ts';
import { malformed } from './answers.ts';
import { BatchWidth } from './batch-width.ts';
import { gmailError, hasStatus } from './errors.ts';
import { HeaderSpelling } from './header-spelling.ts';
import { type Operation, UNITS } from './quota.ts';

/** The SDK has no account: token, origin and signal are passed with every call. */
const { users } = gmail({ version: 'v1', retry: false });

type Users = gmail_v1.Resource$Users;
type SdkCall<T> = (users: Users, options: MethodOptions) => PromiseLike<{ data: T }>;

const ORIGIN = 'https://gmail.googleapis.com';

/** The base URL of the Gmail API: Google's host or the configured URL with its path. It has no slash at the end. */
export const gmailOrigin = (apiUrl: string | null): string => apiUrl ?? ORIGIN;

/**
 * Calls the SDK once, without quota or retry. The origin is passed with each call, because the client's rootUrl loses its path
 * and uploads ignore it.
 */
export async function sdkCall<T>(
  origin: string,
  operation: Operation,
  token: string,
  signal: AbortSignal,
  send: SdkCall<T>,
  responseType?: 'stream',
): Promise<T> {
  try {
    const { data } = await send(users, {
      rootUrl: `${origin}/`,
      headers: { authorization: `Bearer ${token}` },
      retry: false,
      signal,
      fetchImplementation: fetch,
      ...(responseType ? { responseType } : {}),
    });
    const failure = responseType === 'stream' ? null : malformed(operation, data);
    if (failure) throw failure;
    return data;
  } catch (error) {
    throw gmailError(error, operation);
  }
}

/** The Gmail API for one account. Every request goes through the limiter, with an access token that is renewed after a 401. */
export class GmailClient {
  /** When this session last changed a label, or tried to, in seconds since 1970. 0: never. */
  labelsWrittenAt = 0;

  constructor(
    readonly origin: string,
    readonly options: SessionOptions,
    /** The number of parts that Gmail accepts in a batch now. */
    readonly width = new BatchWidth(),
    readonly spelling = new HeaderSpelling(),
  ) {}

  request<T>(operation: Operation, call: Call, send: SdkCall<T>, safe = true): Promise<T> {
    return this.exchange({ operation, units: UNITS[operation], slots: 1, safe }, call, (token, signal) =>
      sdkCall(this.origin, operation, token, signal, send),
    );
  }

  /** Streams a file, which keeps its slots in the limiter until its last byte. */
  download(operation: Operation, call: Call, send: SdkCall<unknown>): Promise<ReadableStream<Uint8Array>> {
    return authorizedStream(this.options, call, {
      cost: { operation, units: UNITS[operation], slots: 1, safe: true },
      isTokenRefused: (error) => hasStatus(error, 401),
      attempt: async (token, signal) =>
        (await sdkCall(this.origin, operation, token, signal, send, 'stream')) as ReadableStream<Uint8Array>,
    });
  }

  /** Streams an answer of which the adapter reads only the beginning, at once. Resolves when its headers have arrived. */
  stream(operation: Operation, call: Call, send: SdkCall<unknown>): Promise<ReadableStream<Uint8Array>> {
    return this.exchange({ operation, units: UNITS[operation], slots: 1, safe: true }, call, async (token, signal) => {
      const body = await sdkCall(this.origin, operation, token, signal, send, 'stream');
      return body as ReadableStream<Uint8Array>;
    });
  }

  exchange<T>(cost: RequestCost, call: Call, attempt: (token: string, signal: AbortSignal) => Promise<T>): Promise<T> {
    const isTokenRefused = (error: unknown) => hasStatus(error, 401);
    return authorized(this.options, call, { cost, attempt, isTokenRefused });
  }
}
