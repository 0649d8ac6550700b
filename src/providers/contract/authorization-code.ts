import type { MailError } from '../../domain/error.ts';
import type { RequestLimiter } from './call.ts';
import type { Access, ConnectMethod, Refreshed } from './connect.ts';

/** OAuth 2.0's authorization code with PKCE (RFC 6749 4.1, RFC 7636): for a provider with a consent page. */
export interface AuthorizationCode<Secret = unknown> extends ConnectMethod<Secret> {
  readonly method: 'AUTHORIZATION_CODE';
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
  exchange(exchange: CodeExchange, signal: AbortSignal): Promise<ExchangedCode<Secret>>;
  /** The address of the account that the code was of. Repeating it changes nothing. */
  identify(traded: ExchangedCode<Secret>, signal: AbortSignal): Promise<string>;
  /**
   * Throws UNSUPPORTED where the account has no mailbox: at some providers people sign in who have none. Absent: `identify`
   * has asked the mailbox itself.
   */
  checkMailbox?(traded: ExchangedCode<Secret>, limiter: RequestLimiter, signal: AbortSignal): Promise<void>;
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
export interface ExchangedCode<Secret> extends Refreshed<Secret> {
  readonly scopes: readonly string[];
  /** Addresses that came with it, the likeliest first, for a provider whose directory may name none. */
  readonly claimed?: readonly string[];
}

export const isAuthorizationCode = (method: ConnectMethod): method is AuthorizationCode =>
  method.method === 'AUTHORIZATION_CODE';
