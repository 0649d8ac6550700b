import type { Logger } from 'pino';
import { isRefusal } from '../../accounts/users/authenticator.ts';
import { type MailError, unauthenticated } from '../../domain/error.ts';
import type { Principal } from '../../domain/principal.ts';
import type { Context } from '../../graphql/context.ts';
import { createContext } from '../../graphql/request-context.ts';

/** Finds the principal of a credential. Throws an error of `isRefusal` for one that is not valid. */
type Authenticate = (credential: string, request: { readonly clientAddress: string }) => Promise<Principal>;

interface Request {
  /** The Authorization header, or its equivalent in connection_init. */
  readonly authorization: string | undefined;
  readonly requestId: string;
  readonly clientAddress: string;
  readonly signal: AbortSignal;
  /** A logger that adds the id of the request to each line. If it is absent, one is created. */
  readonly log?: Logger;
}

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
    const token = request.authorization === undefined ? null : bearer(request.authorization);
    let principal: Principal | null = null;
    let refusal: MailError | null = null;
    try {
      if (token !== null) principal = await this.principal(token, request.clientAddress);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refusal = error;
    }
    return createContext({
      principal,
      refusal,
      signal: request.signal,
      log: request.log ?? this.log.child({ requestId: request.requestId }),
      requestId: request.requestId,
      clientAddress: request.clientAddress,
    });
  }

  /**
   * Returns the key for limits that apply before a request is read: its user, or the address of the client if it has no
   * valid token.
   */
  async owner(authorization: string | undefined, clientAddress: string): Promise<string> {
    try {
      return (await this.principal(bearer(authorization ?? ''), clientAddress)).userId;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      return `address ${clientAddress}`;
    }
  }

  /** Throws an error of `isRefusal` for a token that is not valid. */
  async principal(token: string, clientAddress: string): Promise<Principal> {
    if (token.length > MAX_TOKEN_LENGTH) throw unauthenticated('The access token is too long to be one of ours.');
    if (token === '') throw unauthenticated('Send the header as "Authorization: Bearer <access token>".');
    return this.authenticate(token, { clientAddress });
  }
}

/** Returns the token of "Bearer <token>", or an empty string if the header has another form. */
export function bearer(authorization: string): string {
  return /^Bearer +(\S+)$/i.exec(authorization.trim())?.[1] ?? '';
}
