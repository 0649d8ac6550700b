import { GraphQLError } from 'graphql';
import { isMailError, isTransient, MailError, publicCode, storeErrorIn } from '../../domain/error.ts';
import { type Principal, unauthenticated } from '../../graphql/principal.ts';
import { timeLimited } from '../../platform/abort.ts';

/** How long a request waits until its credential has been looked at, in milliseconds. */
const AUTHENTICATION_TIMEOUT_MS = 10_000;

/** What of a request an authenticator may look at beside the credential. */
export interface AuthenticationRequest {
  /** Address of the client, as far as TRUST_PROXY tells. */
  readonly clientAddress: string;
}

/** One way to show who calls. It is asked for each request and each operation over WebSocket, and so remembers what it has proved. */
export interface Authenticator {
  /**
   * Null: the credential is none of its own, and the next is asked. Throws a GraphQLError UNAUTHENTICATED that says what to
   * do where it is its own and not good, and a MailError where it cannot tell for now.
   */
  authenticate(credential: string, request: AuthenticationRequest): Promise<Principal | null>;
}

/** Asks one after the other, and takes the word of the first that knows the credential. */
export class Authenticators {
  constructor(private readonly authenticators: readonly Authenticator[]) {}

  /** Throws a GraphQLError for a credential that is refused, and a transient MailError where it cannot be told for now whether it is good. */
  async authenticate(credential: string, request: AuthenticationRequest): Promise<Principal> {
    try {
      return await timeLimited(this.ask(credential, request), AUTHENTICATION_TIMEOUT_MS, tookTooLong);
    } catch (error) {
      throw refusalOf(error);
    }
  }

  private async ask(credential: string, request: AuthenticationRequest): Promise<Principal> {
    for (const authenticator of this.authenticators) {
      const principal = await authenticator.authenticate(credential, request);
      if (principal) return principal;
    }
    throw unauthenticated('The access token is not valid or has expired: refresh the session.');
  }
}

/** An outside issuer fails in its client's own errors: none of them says that the credential is bad, and none is the gateway's own. */
function refusalOf(error: unknown): unknown {
  if (error instanceof GraphQLError || isTransient(error) || storeErrorIn(error)) return error;
  if (isMailError(error)) return new GraphQLError(error.message, { extensions: { code: publicCode(error.code) } });
  return new MailError('PROVIDER_UNAVAILABLE', 'The access token could not be verified for now: try again.', {
    cause: error,
  });
}

const tookTooLong = (): MailError =>
  new MailError('TIMEOUT', 'The access token could not be verified in time: try again.');
