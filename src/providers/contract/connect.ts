/** READ reads; WRITE also changes and sends; FULL also deletes permanently. */
export type Access = 'READ' | 'WRITE' | 'FULL';

/**
 * A provider's part of one way to connect an account: what every way owes, which is a grant that is renewed and ended. What
 * a way owes beside it is in a file of its own here (authorization-code.ts, password.ts), and the gateway's part of it in
 * accounts/connect/, which lists the ways in connect-methods.ts.
 */
export interface ConnectMethod<Secret = unknown> {
  /** One that accounts/connect/connect-methods.ts lists. It is the schema's ConnectMethod, and is sealed with each secret; never changes. */
  readonly method: string;
  /** What the provider's consent page asks a person for. Absent: there is no such page. */
  scopes?(access: Access): readonly string[];
  /** A new access token. RECONNECT_REQUIRED when the grant has ended (and only then), or an error `ofAccount`; a time-out is PROVIDER_UNAVAILABLE or TIMEOUT. */
  refresh(secret: Secret, signal: AbortSignal): Promise<Refreshed<Secret>>;
  /** Ends the grant at the provider, or finds that it has ended; absent where the vendor has no such call. */
  revoke?(secret: Secret, signal: AbortSignal): Promise<void>;
  /** Where a person takes the consent back when there is no `revoke`, in words. */
  readonly revokeAdvice: string;
}

export interface Refreshed<Secret> {
  /** JSON-serialisable; sealed as it is. Holds the (rotated) refresh token and whatever else the adapter must keep. */
  readonly secret: Secret;
  readonly accessToken: string;
  readonly expiresAt: Date;
}

/** What every way to connect ends with. */
export interface Exchanged<Secret> extends Refreshed<Secret> {
  readonly address: string;
  readonly scopes: readonly string[];
}
