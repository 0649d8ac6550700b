import { isLoopbackUrl } from '../../loopback.ts';
import type { SignInRefusals } from '../../sign-in.refusals.ts';
import type { World } from '../../world.ts';
import type { Directory } from '../directory.ts';
import type { GoogleOptions } from '../options.ts';
import { consentPage, refusalPage } from './consent.page.ts';
import type { Grants } from './grants.ts';
import { ISSUER } from './keys.ts';
import { CONSENT_TEXT, canonicalScopes } from './scopes.ts';
import { refusedConsent } from './sign-in.refusals.ts';
import type { Tokens } from './tokens.ts';

export interface AuthorizeAnswer {
  readonly status: number;
  readonly html?: string;
  readonly location?: string;
}

/** The authorization endpoint. Google refuses a request with an error page, because it cannot trust the redirect URI of that request. */
export class Authorize {
  constructor(
    private readonly world: World,
    private readonly options: GoogleOptions,
    private readonly directory: Directory,
    private readonly grants: Grants,
    private readonly tokens: Tokens,
    private readonly refusals: SignInRefusals,
  ) {}

  page(query: string): AuthorizeAnswer {
    const request = new URLSearchParams(query);
    const refused = this.#refuse(request);
    if (refused) return refused;
    // The sandbox has no Google session, so the user must always be prompted.
    if (request.get('prompt') === 'none') return back(request, { error: 'interaction_required' });
    const scopes = scopesOf(request);
    const html = consentPage({
      clientId: this.options.clientId,
      query,
      accounts: this.directory.addresses(),
      loginHint: request.get('login_hint'),
      identityScopes: scopes.filter(isIdentity),
      scopes: scopes.filter((scope) => !isIdentity(scope)),
    });
    return { status: 200, html };
  }

  decide(query: string, form: URLSearchParams): AuthorizeAnswer {
    const request = new URLSearchParams(query);
    const refused = this.#refuse(request);
    if (refused) return refused;
    if (form.get('decision') !== 'approve') return back(request, { error: 'access_denied' });
    const account = this.directory.find(form.get('account') ?? '')?.address;
    if (!account) return refuse(400, 'invalid_request', "Couldn't find your Google Account.");

    const refusal = this.refusals.of(account, 'consent');
    if (refusal !== null) return back(request, refusedConsent(refusal));
    const ticked = new Set(form.getAll('scope'));
    const allowed = scopesOf(request).filter((scope) => isIdentity(scope) || ticked.has(scope));
    if (allowed.length === 0) return back(request, { error: 'access_denied' });
    const earlier = request.get('include_granted_scopes') === 'true' ? this.grants.of(account).scopes : [];
    const granted = canonicalScopes([...allowed, ...earlier]);
    const { generation, epoch } = this.grants.of(account);
    const code = this.tokens.issue({
      kind: 'code',
      account,
      scopes: granted,
      generation,
      epoch,
      expiresAt: this.world.now().getTime() + 10 * 60_000,
      code: {
        redirectUri: request.get('redirect_uri') ?? '',
        challenge: request.get('code_challenge'),
        challengeMethod: request.get('code_challenge_method') === 'S256' ? 'S256' : 'plain',
        offline: request.get('access_type') === 'offline',
        forceConsent: (request.get('prompt') ?? '').split(' ').includes('consent'),
        nonce: request.get('nonce'),
      },
    });
    return back(request, { code, scope: granted.join(' '), authuser: '0', prompt: 'consent' });
  }

  #refuse(request: URLSearchParams): AuthorizeAnswer | null {
    const clientId = request.get('client_id');
    if (!clientId) return refuse(400, 'invalid_request', 'Missing required parameter: client_id');
    if (clientId !== this.options.clientId) return refuse(401, 'invalid_client', 'The OAuth client was not found.');
    const redirectUri = request.get('redirect_uri');
    if (!redirectUri) return refuse(400, 'invalid_request', 'Missing required parameter: redirect_uri');
    if (!isLoopbackUrl(redirectUri) || redirectUri.includes('#'))
      return refuse(400, 'redirect_uri_mismatch', 'The sandbox redirects to loopback addresses only.');
    const responseType = request.get('response_type');
    if (!responseType) return refuse(400, 'invalid_request', 'Missing required parameter: response_type');
    if (responseType !== 'code')
      return refuse(400, 'unsupported_response_type', `Invalid response_type: ${responseType}`);
    const method = request.get('code_challenge_method');
    if (method !== null && method !== 'S256' && method !== 'plain')
      return refuse(400, 'invalid_request', `Invalid code_challenge_method: ${method}`);
    const challenge = request.get('code_challenge');
    if (challenge !== null && !/^[\w.~-]{43,128}$/.test(challenge))
      return refuse(400, 'invalid_request', 'Invalid code_challenge');
    const scopes = scopesOf(request);
    if (scopes.length === 0) return refuse(400, 'invalid_scope', 'Missing required parameter: scope');
    const unknown = scopes.filter((scope) => !Object.hasOwn(CONSENT_TEXT, scope));
    if (unknown.length > 0)
      return refuse(400, 'invalid_scope', `Some requested scopes were invalid. {invalid=[${unknown.join(', ')}]}`);
    return null;
  }
}

const scopesOf = (request: URLSearchParams) => [...new Set((request.get('scope') ?? '').split(/\s+/).filter(Boolean))];
const isIdentity = (scope: string) => /^(openid|email|profile)$|userinfo\.(email|profile)$/.test(scope);

/** Google names itself as the issuer in every redirect (RFC 9207). */
function back(request: URLSearchParams, answer: Record<string, string>): AuthorizeAnswer {
  const url = new URL(request.get('redirect_uri') ?? '');
  const state = request.get('state');
  if (state !== null) url.searchParams.set('state', state);
  for (const [name, value] of Object.entries({ iss: ISSUER, ...answer })) url.searchParams.set(name, value);
  return { status: 302, location: url.href };
}

function refuse(status: number, error: string, message: string): AuthorizeAnswer {
  return { status, html: refusalPage(`${status}: ${error}`, message) };
}
