import { GraphQLError } from 'graphql';
import type { Logger } from 'pino';
import type { Context } from '../../graphql/context.ts';
import { type Principal, unauthenticated } from '../../graphql/principal.ts';
import { createContext } from '../../graphql/request-context.ts';

/** Finds who a credential speaks for. Throws GraphQLError UNAUTHENTICATED. */
type Authenticate = (credential: string, request: { readonly clientAddress: string }) => Promise<Principal>;

interface Request {
  /** The Authorization header, or what stands for it in connection_init. */
  readonly authorization: string | undefined;
  readonly requestId: string;
  readonly clientAddress: string;
  readonly signal: AbortSignal;
  /** Names the request in each line; absent: one is made. */
  readonly log?: Logger;
}

/** Longer than any token that is issued here, and short enough to be cheap to verify. */
const MAX_TOKEN_LENGTH = 8_192;

/** The context of a request over HTTP, and of each operation and event over WebSocket. */
export class Contexts {
  constructor(
    private readonly authenticate: Authenticate,
    private readonly log: Logger,
  ) {}

  /** For an invalid token, `refusal` is set. Throws where nobody can tell for now. */
  async of(request: Request): Promise<Context> {
    const token = request.authorization === undefined ? null : bearer(request.authorization);
    let principal: Principal | null = null;
    let refusal: GraphQLError | null = null;
    try {
      if (token !== null) principal = await this.principal(token, request.clientAddress);
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
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

  /** The key of the limits for a request before it is read: its user, or the client's address when it has no valid token. */
  async owner(authorization: string | undefined, clientAddress: string): Promise<string> {
    try {
      return (await this.principal(bearer(authorization ?? ''), clientAddress)).userId;
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      return `address ${clientAddress}`;
    }
  }

  /** @throws GraphQLError UNAUTHENTICATED */
  async principal(token: string, clientAddress: string): Promise<Principal> {
    if (token.length > MAX_TOKEN_LENGTH) throw unauthenticated('The access token is too long to be one of ours.');
    if (token === '') throw unauthenticated('Send the header as "Authorization: Bearer <access token>".');
    return this.authenticate(token, { clientAddress });
  }
}

/** The token of "Bearer <token>"; empty when it is written in another way. */
export function bearer(authorization: string): string {
  return /^Bearer +(\S+)$/i.exec(authorization.trim())?.[1] ?? '';
}
