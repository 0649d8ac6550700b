/** The caller, as an authenticator has identified it. */
export interface Principal {
  readonly userId: string;
  /** The kind of credential: "session", or the name that its authenticator gives it. */
  readonly kind: string;
  /**
   * What the caller may do. A session of the user has `EVERYTHING`. Narrower scopes are not enforced yet, so no
   * authenticator may grant them.
   */
  readonly scopes: readonly string[];
  /** The session, if there is one. When it ends, the open connections of the principal are closed. */
  readonly sessionId?: string;
  /**
   * Identifies a credential that is no session and that can end before `expiresAt`: the id that its authenticator reports
   * by `onEnded`. It is unique over all authenticators.
   */
  readonly credentialId?: string;
  /** When an open connection needs a new credential. A credential without an end has a date far in the future. */
  readonly expiresAt: Date;
}

/** The scope of a user who has signed in. */
export const EVERYTHING = '*';
