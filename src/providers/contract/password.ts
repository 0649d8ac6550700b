import type { Access, ConnectMethod, Exchanged } from './connect.ts';

/**
 * A way to connect for providers without a consent page: the user enters a password, an app password or a token.
 *
 * An IMAP provider needs a host, a port, a user name and a password for each connection. `signIn` gets the address and the
 * password, finds the host and the port by the address's domain (RFC 6186, or a list in the provider's folder), signs in, and
 * returns all four as `secret`. `accessToken` is the same four as a JSON string, and its `expiresAt` is far in the future. The
 * session parses the string that `SessionOptions.accessToken` returns and opens its connection with it. When the server refuses
 * the sign-in, the session calls `accessToken` again with the refused string as `rejected`. The gateway then calls `refresh`,
 * which tries the password and throws RECONNECT_REQUIRED when the server refuses it. Hosts that the user enters need a further
 * `ConnectMethod` whose form has these fields. test/unit/connect.password.test.ts has such a provider.
 */
export interface Password<Secret = unknown> extends ConnectMethod<Secret> {
  readonly method: 'PASSWORD';
  /**
   * Verifies the credentials at the provider. Throws INVALID when they are refused. A server without rights for a part of a
   * mailbox ignores `access`; the session holds the account to it with shared/access.ts.
   */
  signIn(credentials: Credentials, signal: AbortSignal): Promise<Exchanged<Secret>>;
}

interface Credentials {
  readonly address: string;
  readonly password: string;
  readonly access: Access;
}

export const isPassword = (method: ConnectMethod): method is Password => method.method === 'PASSWORD';
