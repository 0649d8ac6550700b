import { isMailError, isTransient, MailError, storeErrorIn, unauthenticated } from '../../domain/error.ts';
import type { Principal } from '../../domain/principal.ts';
import { timeLimited } from '../../platform/abort.ts';

/** How long a request waits for its authenticators, in milliseconds. */
const AUTHENTICATION_TIMEOUT_MS = 10_000;

/** What an authenticator may read of a request beside the credential. */
export interface AuthenticationRequest {
  /** The address of the client, as determined with TRUST_PROXY. */
  readonly clientAddress: string;
}

/** One kind of credential. It is asked for each request and each operation over WebSocket, so it caches what it has proved. */
export interface Authenticator {
  /**
   * Returns null for a credential of another kind, so that the next authenticator is asked. For an invalid credential of its
   * own kind it throws `unauthenticated(what to do)`, and a transient MailError when it cannot decide for now.
   */
  authenticate(credential: string, request: AuthenticationRequest): Promise<Principal | null>;
  /**
   * Calls back with the `sessionId` or `credentialId` of each principal whose credential ends before `expiresAt`, on
   * whichever instance it was ended, so that its sockets are closed. From then on `authenticate` refuses the credential.
   * Returns the function that ends the subscription. Absent: no credential of this kind ends early.
   */
  onEnded?(listener: (credentialId: string) => void): () => void;
}

/** Whether an authenticator has refused the credential. After any other error it may be accepted later. */
export const isRefusal = (error: unknown): error is MailError =>
  isMailError(error) && !isTransient(error) && !storeErrorIn(error);

/** Asks the authenticators in order, until one of them accepts or refuses the credential. */
export class Authenticators {
  constructor(private readonly authenticators: readonly Authenticator[]) {}

  /** Throws a MailError: one of `isRefusal` for a credential that is refused, and a transient one when it cannot be verified for now. */
  async authenticate(credential: string, request: AuthenticationRequest): Promise<Principal> {
    try {
      return await timeLimited(this.ask(credential, request), AUTHENTICATION_TIMEOUT_MS, tookTooLong);
    } catch (error) {
      throw refusalOf(error);
    }
  }

  /** Calls back with the id of each credential that ends early, of any authenticator. */
  onEnded(listener: (credentialId: string) => void): () => void {
    const stops = this.authenticators.map((authenticator) => authenticator.onEnded?.(listener));
    return () => {
      for (const stop of stops) stop?.();
    };
  }

  private async ask(credential: string, request: AuthenticationRequest): Promise<Principal> {
    for (const authenticator of this.authenticators) {
      const principal = await authenticator.authenticate(credential, request);
      if (principal) return principal;
    }
    throw unauthenticated('The access token is not valid or has expired: refresh the session.');
  }
}

/**
 * An outside issuer fails with the errors of its client library. They do not mean that the credential is invalid, and they
 * are not faults of the gateway.
 */
function refusalOf(error: unknown): unknown {
  if (isMailError(error) || storeErrorIn(error)) return error;
  return new MailError('PROVIDER_UNAVAILABLE', 'The access token could not be verified for now: try again.', {
    cause: error,
  });
}

const tookTooLong = (): MailError =>
  new MailError('TIMEOUT', 'The access token could not be verified in time: try again.');
