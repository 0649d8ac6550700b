import type { Logger } from 'pino';
import { isRefusal } from '../../accounts/users/authenticator.ts';
import { unauthenticated } from '../../domain/error.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Context } from '../../graphql/context.ts';
import type { OperationReads } from '../../graphql/reads.ts';
import { createContext } from '../../graphql/request-context.ts';

/** Finds the principal of a credential. Throws an error of `isRefusal` for one that is not valid. */
type Authenticate = (credential: string, request: { readonly clientAddress: string }) => Promise<Principal>;

interface Request {
  /** The Authorization header, or its equivalent in connection_init. */
  readonly authorization: string | undefined;
  readonly requestId: string;
  readonly clientAddress: string;
  readonly signal: AbortSignal;
  /** The value of Cache-Control, or of its equivalent in the extensions of a request over WebSocket. */
  readonly cacheControl?: unknown;
  /** The caller, if it is known already. */
  readonly caller?: RequestCaller | null;
  /** Records what the operation reads. Absent: nothing is recorded. */
  readonly reads?: OperationReads | null;
  /** A logger that adds the id of the request to each line. If it is absent, one is created. */
  readonly log?: Logger;
}

/** Who makes a request, or why its token is not valid. */
export type RequestCaller = Pick<Context, 'principal' | 'refusal'>;

/** The limit is longer than any token of this gateway, and short enough that a token is cheap to verify. */
const MAX_TOKEN_LENGTH = 8_192;

/** Makes the context of a request over HTTP, and of each operation and event over WebSocket. */
export class Contexts {
  constructor(
    private readonly authenticate: Authenticate,
    private readonly log: Logger,
  ) {}

  /** Sets `refusal` for an invalid token. Throws if an authenticator cannot decide at present. */
  async of(request: Request): Promise<Context> {
    const caller = request.caller ?? (await this.caller(request.authorization, request.clientAddress));
    return createContext({
      ...caller,
      signal: request.signal,
      log: request.log ?? this.log.child({ requestId: request.requestId }),
      requestId: request.requestId,
      clientAddress: request.clientAddress,
      noCache: isNoCache(request.cacheControl),
      ...(request.reads && { reads: request.reads }),
    });
  }

  /** Identifies the caller by the Authorization header. Throws if an authenticator cannot decide at present. */
  async caller(authorization: string | undefined, clientAddress: string): Promise<RequestCaller> {
    if (authorization === undefined) return { principal: null, refusal: null };
    try {
      return { principal: await this.principal(bearer(authorization), clientAddress), refusal: null };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return { principal: null, refusal: error };
    }
  }

  /** Throws an error of `isRefusal` for a token that is not valid. */
  async principal(token: string, clientAddress: string): Promise<Principal> {
    if (token.length > MAX_TOKEN_LENGTH) throw unauthenticated('The access token is too long to be one of ours.');
    if (token === '') throw unauthenticated('Send the header as "Authorization: Bearer <access token>".');
    return this.authenticate(token, { clientAddress });
  }
}

/** Whether a Cache-Control (RFC 9111 5.2) has the directive `no-cache`. */
export const isNoCache = (cacheControl: unknown): boolean =>
  typeof cacheControl === 'string' && /(?:^|,)\s*no-cache\s*(?:,|$)/i.test(cacheControl);

/** Returns the token of "Bearer <token>", or an empty string if the header has another form. */
export function bearer(authorization: string): string {
  return /^Bearer +(\S+)$/i.exec(authorization.trim())?.[1] ?? '';
}
