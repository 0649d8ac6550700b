import { type Principal, unauthenticated } from '../../graphql/principal.ts';

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

  /** Throws a GraphQLError UNAUTHENTICATED. */
  async authenticate(credential: string, request: AuthenticationRequest): Promise<Principal> {
    for (const authenticator of this.authenticators) {
      const principal = await authenticator.authenticate(credential, request);
      if (principal) return principal;
    }
    throw unauthenticated('The access token is not valid or has expired: refresh the session.');
  }
}
