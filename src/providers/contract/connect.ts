import type { MailError } from '../../domain/error.ts';
import type { RequestLimiter } from './call.ts';

/** How an account is connected: what a provider with a consent page, and one with a password, owe. */

/** READ reads; WRITE also changes and sends; FULL also deletes for ever. */
export type Access = 'READ' | 'WRITE' | 'FULL';

/** What every way to connect leaves behind: a grant that is renewed, and ended. */
interface Grants<Secret> {
  /** A new access token. RECONNECT_REQUIRED when the grant has ended (and only then), or an error `ofAccount`; a time-out is PROVIDER_UNAVAILABLE or TIMEOUT. */
  refresh(secret: Secret, signal: AbortSignal): Promise<Refreshed<Secret>>;
  /** Ends the grant at the provider, or finds that it has ended; absent where the vendor has no such call. */
  revoke?(secret: Secret, signal: AbortSignal): Promise<void>;
  /** Where a person takes the consent back when there is no `revoke`, in words. */
  readonly revokeAdvice: string;
}
export interface OAuth<Secret> extends Grants<Secret> {
  readonly kind: 'oauth';
  /** What the provider is asked for, per access. */
  scopes(access: Access): readonly string[];
  authorizationUrl(request: AuthorizationRequest): Promise<string>;
  /**
   * Whether an authorization response whose `iss` says so (RFC 9207) is this provider's. Absent: the vendor's responses
   * name no issuer, and one that does is refused.
   */
  isIssuer?(iss: string): boolean;
  /**
   * Why the vendor sent the browser back with an error, where it has more to say than OAuth's word; null where it has not.
   * Nothing of what was brought is in it: anyone may have written that.
   */
  declined?(refusal: AuthorizationRefusal): MailError | null;
  /**
   * Whether this is the return of an administrator who was asked to approve the gateway for everyone. It belongs to no
   * flow, whatever state it brings. Absent: the vendor asks none.
   */
  approvalIn?(query: URLSearchParams): 'given' | 'declined' | null;
  /**
   * Trades the code for a secret, which serves once: what can fail for now and be asked again is for `identify`.
   * CONSENT_REQUIRED when a scope that `access` needs was not granted, naming it.
   */
  exchange(exchange: CodeExchange, signal: AbortSignal): Promise<Traded<Secret>>;
  /** The address of the account that the code was of. Repeating it changes nothing. */
  identify(traded: Traded<Secret>, signal: AbortSignal): Promise<string>;
  /**
   * Throws UNSUPPORTED where the account has no mailbox: at some providers people sign in who have none. Absent: `identify`
   * has asked the mailbox itself.
   */
  checkMailbox?(traded: Traded<Secret>, limiter: RequestLimiter, signal: AbortSignal): Promise<void>;
}
/** For a provider that has no consent page: a password, an app password or a token that the user pastes. */
export interface Password<Secret> extends Grants<Secret> {
  readonly kind: 'password';
  /**
   * Proves the credentials at the provider. INVALID when they are refused. A password that is sent with every request
   * is its own access token: `refresh` then asks whether it still serves, and answers it again.
   */
  signIn(credentials: Credentials, signal: AbortSignal): Promise<Exchanged<Secret>>;
}
export interface Credentials {
  readonly address: string;
  readonly password: string;
  readonly access: Access;
}
export interface AuthorizationRequest {
  readonly state: string;
  /** PKCE S256. */
  readonly codeChallenge: string;
  readonly redirectUri: string;
  readonly access: Access;
  readonly loginHint: string | null;
}
/** An authorization error response (RFC 6749 4.1.2.1), with what vendors add; empty where it is absent. */
export interface AuthorizationRefusal {
  readonly error: string;
  readonly description: string;
  /** Google's error_subtype, Microsoft's error_subcode. */
  readonly subtype: string;
}
export interface CodeExchange {
  readonly code: string;
  readonly codeVerifier: string;
  readonly redirectUri: string;
  readonly access: Access;
}
/** What a code was traded for. JSON-serialisable, but for its date. */
export interface Traded<Secret> extends Refreshed<Secret> {
  readonly scopes: readonly string[];
  /** Addresses that came with it, the likeliest first, for a provider whose directory may name none. */
  readonly claimed?: readonly string[];
}
export interface Exchanged<Secret> extends Refreshed<Secret> {
  readonly address: string;
  readonly scopes: readonly string[];
}
export interface Refreshed<Secret> {
  /** JSON-serialisable; sealed as it is. Holds the (rotated) refresh token and whatever else the adapter must keep. */
  readonly secret: Secret;
  readonly accessToken: string;
  readonly expiresAt: Date;
}
