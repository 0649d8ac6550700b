/** READ allows reading, WRITE also changing and sending, FULL also deleting permanently. */
export type Access = 'READ' | 'WRITE' | 'FULL';

/**
 * A provider's part of one way to connect an account. This interface has what all ways have in common: a grant can be renewed
 * and revoked. What a way needs besides is in a file of its own here (authorization-code.ts, password.ts). The gateway's part
 * is in accounts/connect/, and connect-methods.ts lists the ways.
 */
export interface ConnectMethod<Secret = unknown> {
  /** The id of a method in accounts/connect/connect-methods.ts. It is a value of the schema's ConnectMethod and is sealed with each secret, so it never changes. */
  readonly method: string;
  /** The scopes that the provider's consent page shows. Absent: there is no such page. */
  scopes?(access: Access): readonly string[];
  /**
   * Returns a new access token. Throws RECONNECT_REQUIRED when the grant has ended, and only then, or an error `ofAccount`. A
   * provider that does not answer is PROVIDER_UNAVAILABLE or TIMEOUT.
   */
  refresh(secret: Secret, signal: AbortSignal): Promise<Refreshed<Secret>>;
  /** Ends the grant at the provider, and succeeds where it has ended already. Absent: the vendor has no such call. */
  revoke?(secret: Secret, signal: AbortSignal): Promise<void>;
  /** A sentence that tells a person where to withdraw the consent, for when there is no `revoke`. */
  readonly revokeAdvice: string;
}

export interface Refreshed<Secret> {
  /** A JSON-serialisable value, which is sealed. It contains the (rotated) refresh token and what else `refresh` needs. */
  readonly secret: Secret;
  /**
   * What a session needs to authenticate its requests. The gateway passes it to `SessionOptions.accessToken` and never reads it.
   * It need not be an OAuth token: for a provider that signs in with a user name and a password, it is whatever its session
   * needs to sign in, as password.ts describes. It contains no control characters.
   */
  readonly accessToken: string;
  readonly expiresAt: Date;
}

/** The result of every way to connect. */
export interface Exchanged<Secret> extends Refreshed<Secret> {
  readonly address: string;
  readonly scopes: readonly string[];
}
