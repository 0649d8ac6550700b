import type { MailError } from '../../domain/error.ts';
import type { RequestLimiter } from './call.ts';
import type { Access, ConnectMethod, Refreshed } from './connect.ts';

/** OAuth 2.0's authorization code grant with PKCE (RFC 6749 4.1, RFC 7636), for providers with a consent page. */
export interface AuthorizationCode<Secret = unknown> extends ConnectMethod<Secret> {
  readonly method: 'AUTHORIZATION_CODE';
  /** The scopes to request for an access. */
  scopes(access: Access): readonly string[];
  authorizationUrl(request: AuthorizationRequest): Promise<string>;
  /**
   * Whether `iss` of an authorization response (RFC 9207) is this provider's issuer. Absent: the vendor's responses have no
   * `iss`, and the gateway refuses a response that has one.
   */
  isIssuer?(iss: string): boolean;
  /**
   * Explains an authorization error of the vendor. Null: the vendor says no more than OAuth's error code. The message contains
   * nothing of the response, because anyone can make a browser bring one.
   */
  declined?(refusal: AuthorizationRefusal): MailError | null;
  /**
   * Whether this is the response of an administrator who was asked to approve the gateway for the whole organisation. It
   * belongs to no flow, whatever its `state` is. Absent: the vendor has no such approval.
   */
  approvalIn?(query: URLSearchParams): 'given' | 'declined' | null;
  /**
   * Exchanges the code for a secret. A code works once, so requests that can fail and be repeated belong into `identify`.
   * Throws CONSENT_REQUIRED, naming the scope, when a scope that `access` needs was not granted.
   */
  exchange(exchange: CodeExchange, signal: AbortSignal): Promise<ExchangedCode<Secret>>;
  /** Returns the address of the account that granted the code. It can be repeated. */
  identify(exchanged: ExchangedCode<Secret>, signal: AbortSignal): Promise<string>;
  /**
   * Throws UNSUPPORTED where the account has no mailbox, since some providers have accounts without one. Absent: `identify`
   * reads from the mailbox itself.
   */
  checkMailbox?(exchanged: ExchangedCode<Secret>, limiter: RequestLimiter, signal: AbortSignal): Promise<void>;
}

export interface AuthorizationRequest {
  readonly state: string;
  /** PKCE S256. */
  readonly codeChallenge: string;
  readonly redirectUri: string;
  readonly access: Access;
  readonly loginHint: string | null;
}
/** An authorization error response (RFC 6749 4.1.2.1) with the vendors' additions. An absent field is an empty string. */
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
/** The result of exchanging a code. It is JSON-serialisable except for its date. */
export interface ExchangedCode<Secret> extends Refreshed<Secret> {
  readonly scopes: readonly string[];
  /** Addresses that the answer names, the likeliest first, for a provider whose directory may have none. */
  readonly claimed?: readonly string[];
}

export const isAuthorizationCode = (method: ConnectMethod): method is AuthorizationCode =>
  method.method === 'AUTHORIZATION_CODE';
