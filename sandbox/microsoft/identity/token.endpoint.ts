import { createHash, timingSafeEqual } from 'node:crypto';
import jwt from 'jsonwebtoken';
import type { SignInRefusals, SignInStep } from '../../sign-in.refusals.ts';
import type { World } from '../../world.ts';
import type { Account, Accounts } from '../mailbox/accounts.ts';
import type { IdTokenKey } from './keys.ts';
import { invalidGrant, missingParameter, OAuthError, unknownClient } from './oauth.errors.ts';
import { refusedGrant } from './sign-in.refusals.ts';
import { ACCESS_SECONDS, type RefreshToken, type Tokens } from './tokens.ts';

interface TokenAnswer {
  readonly token_type: 'Bearer';
  readonly scope: string;
  readonly expires_in: number;
  readonly ext_expires_in: number;
  readonly access_token: string;
  readonly refresh_token?: string;
  readonly id_token?: string;
  readonly client_info?: string;
}

const OPENID: ReadonlySet<string> = new Set(['openid', 'profile', 'email', 'offline_access']);

/** POST /{tenant}/oauth2/v2.0/token: authorization_code and refresh_token. */
export class TokenEndpoint {
  readonly #world: World;
  readonly #accounts: Accounts;
  readonly #tokens: Tokens;
  readonly #idTokenKey: IdTokenKey;
  readonly #refusals: SignInRefusals;
  readonly #client: { readonly id: string; readonly secret: string };

  constructor(
    world: World,
    accounts: Accounts,
    tokens: Tokens,
    idTokenKey: IdTokenKey,
    client: { id: string; secret: string },
    refusals: SignInRefusals,
  ) {
    this.#world = world;
    this.#accounts = accounts;
    this.#tokens = tokens;
    this.#idTokenKey = idTokenKey;
    this.#client = client;
    this.#refusals = refusals;
  }

  /** Returns the account of the token in a request, for the log and for faults. Null when it is unknown. */
  accountOf(form: URLSearchParams): string | null {
    const read = form.get('refresh_token');
    const refresh = read ? this.#tokens.readRefresh(read) : null;
    if (refresh !== null && typeof refresh === 'object') return refresh.address;
    const code = form.get('code');
    const claims = code ? jwt.decode(code) : null;
    return claims !== null && typeof claims === 'object' && typeof claims.address === 'string' ? claims.address : null;
  }

  /** Throws OAuthError. `base` is the emulator's own URL. */
  answer(form: URLSearchParams, authorization: string | undefined, base: string): TokenAnswer {
    const grant = form.get('grant_type');
    if (!grant) throw missingParameter('grant_type');
    this.#requireClient(form, authorization);
    if (grant === 'authorization_code') return this.#exchange(form, base);
    if (grant === 'refresh_token') return this.#refresh(form, base);
    throw new OAuthError(
      400,
      'unsupported_grant_type',
      70003,
      `The app requested an unsupported grant type '${grant}'.`,
    );
  }

  #requireClient(form: URLSearchParams, authorization: string | undefined): void {
    const basic = /^Basic (.+)$/i.exec(authorization ?? '')?.[1];
    const [basicId, basicSecret] = basic
      ? Buffer.from(basic, 'base64').toString().split(':').map(decodeURIComponent)
      : [];
    const id = form.get('client_id') ?? basicId;
    const secret = form.get('client_secret') ?? basicSecret;
    if (!id) throw missingParameter('client_id');
    if (id !== this.#client.id) throw unknownClient(id);
    if (!secret)
      throw new OAuthError(
        401,
        'invalid_client',
        7000218,
        `The request body must contain the following parameter: 'client_assertion' or 'client_secret'.`,
      );
    if (!same(secret, this.#client.secret))
      throw new OAuthError(
        401,
        'invalid_client',
        7000215,
        `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${id}'.`,
      );
  }

  #exchange(form: URLSearchParams, base: string): TokenAnswer {
    const presented = form.get('code');
    if (!presented) throw missingParameter('code');
    const code = this.#tokens.redeemCode(presented);
    if (code === null)
      throw new OAuthError(400, 'invalid_grant', 9002313, 'Invalid request. Request is malformed or invalid.');
    if (code === 'expired')
      throw invalidGrant(
        70008,
        'The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.',
      );
    if (code === 'used')
      throw invalidGrant(
        54005,
        'OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.',
      );
    if (code.clientId !== this.#client.id)
      throw invalidGrant(700005, 'The provided authorization code is intended to be used against another application.');
    if (form.get('redirect_uri') !== code.redirectUri)
      throw invalidGrant(
        500112,
        `The reply address '${form.get('redirect_uri') ?? ''}' does not match the reply address '${code.redirectUri}' provided when requesting Authorization code.`,
      );
    if (code.challenge !== null) {
      const verifier = form.get('code_verifier');
      if (!verifier)
        throw invalidGrant(
          50148,
          'The code_verifier does not match the code_challenge supplied in the authorization request for PKCE.',
        );
      if (!same(createHash('sha256').update(verifier).digest('base64url'), code.challenge))
        throw invalidGrant(
          501481,
          'The Code_Verifier does not match the code_challenge supplied in the authorization request.',
        );
    }
    const account = this.#accounts.find(code.address);
    if (!account) throw invalidGrant(50034, `The user account ${code.address} does not exist in the directory.`);
    this.#requireWelcome(account, 'exchange');
    return this.#issue(account, code.scopes, code.scopes, code.nonce, form, base);
  }

  #refresh(form: URLSearchParams, base: string): TokenAnswer {
    const presented = form.get('refresh_token');
    if (!presented) throw missingParameter('refresh_token');
    const token = this.#tokens.readRefresh(presented);
    if (token === null) throw invalidGrant(9002313, 'Invalid request. Request is malformed or invalid.');
    if (token === 'expired')
      throw invalidGrant(
        700082,
        'The refresh token has expired due to inactivity. The token was inactive for 90.00:00:00.',
        'bad_token',
      );
    if (token === 'revoked')
      throw invalidGrant(
        50173,
        'The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password.',
        'bad_token',
      );
    if (token.clientId !== this.#client.id)
      throw invalidGrant(700005, 'The provided refresh token was issued to another application.');
    const account = this.#accounts.find(token.address);
    if (!account) throw invalidGrant(50034, `The user account ${token.address} does not exist in the directory.`);
    this.#requireWelcome(account, 'refresh');
    const asked = splitScopes(form.get('scope') ?? '');
    const wanted = asked.length > 0 ? asked : [...token.granted];
    const missing = wanted.filter(
      (scope) => !OPENID.has(scope) && shortName(scope) !== '.default' && !isGranted(scope, token),
    );
    if (missing.length > 0)
      throw invalidGrant(
        65001,
        `The user or administrator has not consented to use the application with ID '${this.#client.id}'. Send an interactive authorization request for this user and resource.`,
        'consent_required',
      );
    return this.#issue(account, wanted, token.granted, null, form, base);
  }

  #requireWelcome({ address }: Account, step: SignInStep): void {
    const refusal = this.#refusals.of(address, step);
    if (refusal !== null) throw refusedGrant(refusal);
  }

  #issue(
    account: Account,
    asked: readonly string[],
    granted: readonly string[],
    nonce: string | null,
    form: URLSearchParams,
    base: string,
  ): TokenAnswer {
    // An access token has every scope that was consented to for the resource, and not only those of this request.
    const scopes = granted.filter((scope) => !OPENID.has(scope));
    const shown = [...scopes, ...granted.filter((scope) => OPENID.has(scope) && scope !== 'offline_access')];
    const refreshable = granted.includes('offline_access');
    return {
      token_type: 'Bearer',
      scope: shown.join(' '),
      expires_in: ACCESS_SECONDS,
      ext_expires_in: ACCESS_SECONDS,
      access_token: this.#tokens.access(account, this.#client.id, scopes.map(shortName)),
      ...(refreshable
        ? { refresh_token: this.#tokens.refresh({ address: account.address, clientId: this.#client.id, granted }) }
        : {}),
      ...(asked.includes('openid') && granted.includes('openid')
        ? { id_token: this.#idToken(account, nonce, base) }
        : {}),
      ...(form.has('client_info')
        ? {
            client_info: Buffer.from(JSON.stringify({ uid: account.objectId, utid: account.tenantId })).toString(
              'base64url',
            ),
          }
        : {}),
    };
  }

  #idToken(account: Account, nonce: string | null, base: string): string {
    const issued = Math.floor(this.#world.now().getTime() / 1000);
    const claims = {
      aud: this.#client.id,
      iss: `${base}/${account.tenantId}/v2.0`,
      iat: issued,
      nbf: issued,
      exp: issued + 3600,
      sub: createHash('sha256').update(`${account.objectId} ${this.#client.id}`).digest('base64url'),
      oid: account.objectId,
      tid: account.tenantId,
      name: account.name,
      preferred_username: account.address,
      email: account.address,
      ver: '2.0',
      ...(nonce === null ? {} : { nonce }),
    };
    return jwt.sign(claims, this.#idTokenKey.privatePem, { algorithm: 'RS256', keyid: this.#idTokenKey.keyId });
  }
}

export const splitScopes = (scope: string) => [...new Set(scope.split(/\s+/).filter(Boolean))];

/** "https://graph.microsoft.com/Mail.Read" is Mail.Read. */
const shortName = (scope: string) => scope.split('/').at(-1) ?? scope;

function isGranted(scope: string, token: RefreshToken): boolean {
  return token.granted.some((given) => shortName(given).toLowerCase() === shortName(scope).toLowerCase());
}

function same(a: string, b: string): boolean {
  const [left, right] = [createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest()];
  return timingSafeEqual(left, right);
}
