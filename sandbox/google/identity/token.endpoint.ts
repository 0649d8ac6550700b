import { createHash } from 'node:crypto';
import type { SignInRefusals, SignInStep } from '../../sign-in.refusals.ts';
import type { World } from '../../world.ts';
import type { GoogleOptions } from '../options.ts';
import type { Grants } from './grants.ts';
import { type SigningKeys, subjectOf } from './keys.ts';
import { OAuthError } from './oauth.error.ts';
import { refusedGrant } from './sign-in.refusals.ts';
import type { TokenClaims, Tokens } from './tokens.ts';

const LIFETIME_S = 3599;

export class TokenEndpoint {
  /** The codes that have been used. Each code is valid once. */
  readonly #used = new Set<string>();

  constructor(
    private readonly world: World,
    private readonly options: GoogleOptions,
    private readonly grants: Grants,
    private readonly tokens: Tokens,
    private readonly keys: SigningKeys,
    private readonly refusals: SignInRefusals,
  ) {}

  /** The `account` that it returns is for the log. Throws OAuthError. */
  exchange(form: URLSearchParams, authorization: string | undefined): { account: string; body: object } {
    this.#authenticate(form, authorization);
    const grantType = form.get('grant_type');
    if (grantType === 'authorization_code') return this.#redeem(form);
    if (grantType === 'refresh_token') return this.#refresh(form);
    if (!grantType) throw new OAuthError(400, 'invalid_request', 'Missing required parameter: grant_type');
    throw new OAuthError(400, 'unsupported_grant_type', `Invalid grant_type: ${grantType}`);
  }

  #authenticate(form: URLSearchParams, authorization: string | undefined): void {
    const basic = /^Basic (.+)$/i.exec(authorization ?? '')?.[1];
    const [basicId, basicSecret] = basic ? Buffer.from(basic, 'base64').toString().split(':').map(decode) : [];
    const id = basicId ?? form.get('client_id');
    const secret = basicSecret ?? form.get('client_secret');
    if (!id) throw new OAuthError(400, 'invalid_request', 'Could not determine client ID from request.');
    if (id !== this.options.clientId) throw new OAuthError(401, 'invalid_client', 'The OAuth client was not found.');
    if (!secret) throw new OAuthError(400, 'invalid_request', 'client_secret is missing.');
    if (secret !== this.options.clientSecret)
      throw new OAuthError(401, 'invalid_client', 'The provided client secret is invalid.');
  }

  #redeem(form: URLSearchParams): { account: string; body: object } {
    const claims = this.tokens.read('code', form.get('code') ?? '');
    if (!claims?.code || !this.grants.stands(claims, this.world.now()) || this.#used.has(claims.id))
      throw new OAuthError(400, 'invalid_grant', 'Malformed auth code.');
    this.#requireWelcome(claims.account, 'exchange');
    if (form.get('redirect_uri') !== claims.code.redirectUri)
      throw new OAuthError(400, 'redirect_uri_mismatch', 'Bad Request');
    verifyChallenge(claims.code, form.get('code_verifier'));
    this.#used.add(claims.id);
    const grant = this.grants.of(claims.account);
    const giveRefresh = claims.code.offline && (claims.code.forceConsent || !grant.refreshGiven);
    this.grants.allow(claims.account, claims.scopes, giveRefresh);
    const refresh = giveRefresh
      ? { refresh_token: this.tokens.issue({ ...bare(claims), kind: 'refresh', expiresAt: null }) }
      : {};
    return { account: claims.account, body: { ...this.#answer(claims, claims.scopes, claims.code.nonce), ...refresh } };
  }

  #refresh(form: URLSearchParams): { account: string; body: object } {
    const token = form.get('refresh_token');
    if (!token) throw new OAuthError(400, 'invalid_request', 'Missing required parameter: refresh_token');
    const claims = this.tokens.read('refresh', token);
    if (!claims) throw new OAuthError(400, 'invalid_grant', 'Bad Request');
    this.#requireWelcome(claims.account, 'refresh');
    if (!this.grants.stands(claims, this.world.now()))
      throw new OAuthError(400, 'invalid_grant', 'Token has been expired or revoked.');
    const wanted = form.get('scope')?.split(/\s+/).filter(Boolean) ?? claims.scopes;
    if (wanted.some((scope) => !claims.scopes.includes(scope)))
      throw new OAuthError(400, 'invalid_scope', 'Some requested scopes were never granted.');
    return { account: claims.account, body: this.#answer(claims, wanted, null) };
  }

  #requireWelcome(account: string, step: SignInStep): void {
    const refusal = this.refusals.of(account, step);
    if (refusal !== null) throw refusedGrant(refusal);
  }

  #answer(claims: TokenClaims, scopes: readonly string[], nonce: string | null): object {
    const now = this.world.now();
    const { epoch } = this.grants.of(claims.account);
    const expiresAt = now.getTime() + LIFETIME_S * 1000;
    const access = this.tokens.issue({ ...bare(claims), kind: 'access', scopes, epoch, expiresAt });
    return {
      access_token: access,
      expires_in: LIFETIME_S,
      scope: scopes.join(' '),
      token_type: 'Bearer',
      ...(scopes.includes('openid') ? { id_token: this.#idToken(claims.account, scopes, nonce, now) } : {}),
    };
  }

  #idToken(account: string, scopes: readonly string[], nonce: string | null, now: Date): string {
    const showsEmail = scopes.some((scope) => scope.endsWith('userinfo.email'));
    return this.keys.sign(
      {
        aud: this.options.clientId,
        azp: this.options.clientId,
        sub: subjectOf(account),
        ...(showsEmail ? { email: account, email_verified: true } : {}),
        ...(nonce === null ? {} : { nonce }),
      },
      now,
    );
  }
}

function bare({ account, scopes, generation, epoch }: TokenClaims) {
  return { account, scopes, generation, epoch };
}

function verifyChallenge(code: NonNullable<TokenClaims['code']>, verifier: string | null): void {
  if (code.challenge === null) return;
  if (!verifier) throw new OAuthError(400, 'invalid_grant', 'Missing code verifier.');
  const made = code.challengeMethod === 'S256' ? createHash('sha256').update(verifier).digest('base64url') : verifier;
  if (made !== code.challenge) throw new OAuthError(400, 'invalid_grant', 'Invalid code verifier.');
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
