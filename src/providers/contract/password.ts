import type { Access, ConnectMethod, Exchanged } from './connect.ts';

/** For a provider that has no consent page: a password, an app password or a token that the user pastes. */
export interface Password<Secret = unknown> extends ConnectMethod<Secret> {
  readonly method: 'PASSWORD';
  /**
   * Proves the credentials at the provider. INVALID when they are refused. A password that is sent with every request
   * is its own access token: `refresh` then asks whether it still serves, and answers it again.
   */
  signIn(credentials: Credentials, signal: AbortSignal): Promise<Exchanged<Secret>>;
}

interface Credentials {
  readonly address: string;
  readonly password: string;
  readonly access: Access;
}

export const isPassword = (method: ConnectMethod): method is Password => method.method === 'PASSWORD';
