import { randomUUID } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isLoopbackUrl } from '../../loopback.ts';
import type { SignInRefusals } from '../../sign-in.refusals.ts';
import { type Fault, retryAfterOf, type World } from '../../world.ts';
import type { Accounts } from '../mailbox/accounts.ts';
import { type Outcome, playFault, send } from '../wire/http.ts';
import { consentPage, errorPage, formPostPage } from './consent.page.ts';
import type { IdTokenKey } from './keys.ts';
import { badRedirect, OAuthError, oauthErrorBody, unknownClient } from './oauth.errors.ts';
import { refusedConsent } from './sign-in.refusals.ts';
import { splitScopes, type TokenEndpoint } from './token.endpoint.ts';
import type { Tokens } from './tokens.ts';

export interface Identity {
  readonly world: World;
  readonly accounts: Accounts;
  readonly tokens: Tokens;
  readonly endpoint: TokenEndpoint;
  readonly idTokenKey: IdTokenKey;
  readonly clientId: string;
  readonly refusals: SignInRefusals;
  /** The application's first redirect URI. */
  readonly registeredUri: () => string;
}

interface AuthorizeRequest {
  readonly redirectUri: string;
  readonly responseMode: 'query' | 'fragment' | 'form_post';
  readonly state: string | null;
  readonly scopes: readonly string[];
  readonly challenge: string | null;
  readonly nonce: string | null;
}

/** The identity platform's v2.0 endpoints, under /{tenant}. */
export function identityRoutes(app: FastifyInstance, identity: Identity): void {
  const logged = (operation: string) => ({
    onResponse: async (request: FastifyRequest, reply: FastifyReply) =>
      note(identity, request, app.prefix, {
        operation,
        account: null,
        status: reply.statusCode,
        elapsed: reply.elapsedTime,
      }),
  });
  app.get('/:tenant/v2.0/.well-known/openid-configuration', logged('openid'), async (request, reply) =>
    reply.send(openidConfiguration(baseOf(request, app.prefix), (request.params as { tenant: string }).tenant)),
  );
  app.get('/:tenant/discovery/v2.0/keys', logged('keys'), async (_request, reply) =>
    reply.send(identity.idTokenKey.jwks()),
  );
  app.get('/:tenant/oauth2/v2.0/authorize', logged('authorize'), async (request, reply) =>
    showConsent(identity, request, reply),
  );
  app.post('/:tenant/oauth2/v2.0/authorize', logged('consent'), async (request, reply) =>
    decide(identity, request, reply),
  );
  app.post('/:tenant/oauth2/v2.0/token', async (request, reply) => {
    const form = formOf(request);
    const account = identity.endpoint.accountOf(form);
    const work = () => tokenOutcome(identity, form, request, app.prefix);
    const outcome = await playFault(identity.world, account, 'token', work, oauthFault);
    const status = outcome.answer?.status ?? 0;
    note(identity, request, app.prefix, { operation: 'token', account, status, elapsed: reply.elapsedTime });
    return send(reply, outcome);
  });
}

export const formOf = (request: FastifyRequest) =>
  new URLSearchParams(Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '');

function note(
  { world }: Identity,
  request: FastifyRequest,
  prefix: string,
  what: { operation: string; account: string | null; status: number; elapsed: number },
): void {
  const { operation, account, status, elapsed } = what;
  const endedAt = Date.now();
  const path = request.url.slice(prefix.length).replace(/\?.*/s, '');
  world.log.add({
    vendor: 'microsoft',
    account,
    method: request.method,
    path,
    operation,
    status,
    units: 1,
    batch: null,
    startedAt: endedAt - elapsed,
    endedAt,
  });
}

const NO_STORE = { 'Cache-Control': 'no-store, no-cache', Pragma: 'no-cache' };

function tokenOutcome(
  identity: Identity,
  form: URLSearchParams,
  request: FastifyRequest,
  prefix: string,
): Outcome['answer'] {
  try {
    const body = identity.endpoint.answer(form, request.headers.authorization, baseOf(request, prefix));
    return { status: 200, body, headers: NO_STORE };
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    return { status: error.status, body: oauthErrorBody(error, identity.world.now()), headers: NO_STORE };
  }
}

/** Returns the error for a fault of the token endpoint: a refused grant for 4xx, and an outage otherwise. */
function oauthFault(fault: Fault, now: Date): NonNullable<Outcome['answer']> {
  const { status = 503 } = fault;
  const retryAfter = retryAfterOf(fault);
  const error =
    status === 429
      ? new OAuthError(
          429,
          'temporarily_unavailable',
          90055,
          'The server is terminating a connection due to a high request rate.',
        )
      : status >= 500
        ? new OAuthError(status, 'temporarily_unavailable', 90033, 'A transient error has occurred. Please try again.')
        : new OAuthError(
            status,
            'invalid_grant',
            700082,
            'The refresh token has expired due to inactivity.',
            'bad_token',
          );
  const headers = retryAfter === undefined ? NO_STORE : { ...NO_STORE, 'Retry-After': retryAfter };
  return { status, body: oauthErrorBody(error, now), headers };
}

function showConsent(identity: Identity, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const query = new URL(request.url, 'http://sandbox').searchParams;
  const asked = readAuthorize(identity, query);
  if (asked instanceof OAuthError)
    return page(reply, 400, errorPage(oauthErrorBody(asked, identity.world.now()).error_description));
  if (query.get('response_type') !== 'code')
    return redirect(reply, asked, {
      error: 'unsupported_response_type',
      error_description: `AADSTS700054: response_type '${query.get('response_type') ?? ''}' is not enabled for the application.`,
    });
  if (asked.scopes.length === 0)
    return redirect(reply, asked, {
      error: 'invalid_request',
      error_description: "AADSTS900144: The request body must contain the following parameter: 'scope'.",
    });
  if (query.has('code_challenge') && query.get('code_challenge_method') !== 'S256')
    return redirect(reply, asked, {
      error: 'invalid_request',
      error_description:
        "AADSTS50147: Invalid size or method of Code_Challenge parameter. Only 'S256' is supported here.",
    });
  if (query.get('prompt') === 'none')
    return redirect(reply, asked, {
      error: 'login_required',
      error_description: 'AADSTS50058: A silent sign-in request was sent but no user is signed in.',
    });
  return page(
    reply,
    200,
    consentPage({
      action: request.url,
      clientId: identity.clientId,
      accounts: identity.accounts.all(),
      loginHint: query.get('login_hint'),
      scopes: asked.scopes,
      hidden: { client_id: identity.clientId, state: asked.state ?? '' },
    }),
  );
}

function decide(identity: Identity, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const asked = readAuthorize(identity, new URL(request.url, 'http://sandbox').searchParams);
  if (asked instanceof OAuthError)
    return page(reply, 400, errorPage(oauthErrorBody(asked, identity.world.now()).error_description));
  const form = formOf(request);
  if (form.get('decision') !== 'approve')
    return redirect(reply, asked, {
      error: 'access_denied',
      error_description: 'AADSTS65004: User declined to consent to access the app.',
      error_subcode: 'cancel',
    });
  const account = identity.accounts.find(form.get('account') ?? '');
  if (!account) return page(reply, 400, errorPage('AADSTS50034: The user account does not exist in the directory.'));
  const refusal = identity.refusals.of(account.address, 'consent');
  if (refusal !== null) return redirect(reply, asked, refusedConsent(refusal, identity.world.now()));
  const agreed = new Set(form.getAll('scope'));
  const code = identity.tokens.code({
    address: account.address,
    clientId: identity.clientId,
    redirectUri: asked.redirectUri,
    scopes: asked.scopes.filter((scope) => agreed.has(scope)),
    challenge: asked.challenge,
    nonce: asked.nonce,
  });
  return redirect(reply, asked, { code, session_state: randomUUID() });
}

function readAuthorize(identity: Identity, query: URLSearchParams): AuthorizeRequest | OAuthError {
  const clientId = query.get('client_id') ?? '';
  if (clientId !== identity.clientId) return unknownClient(clientId);
  const redirectUri = query.get('redirect_uri') ?? '';
  if (!isRegistered(redirectUri)) return badRedirect(redirectUri, clientId);
  const mode = query.get('response_mode');
  return {
    redirectUri,
    responseMode: mode === 'form_post' || mode === 'fragment' ? mode : 'query',
    state: query.get('state'),
    scopes: splitScopes(query.get('scope') ?? ''),
    challenge: query.get('code_challenge'),
    nonce: query.get('nonce'),
  };
}

/** The sandbox's application has registered every path on this machine. */
export const isRegistered = (uri: string) => isLoopbackUrl(uri) && !uri.includes('#');

function redirect(reply: FastifyReply, asked: AuthorizeRequest, fields: Record<string, string>): FastifyReply {
  const answer = new URLSearchParams(fields);
  if (asked.state !== null) answer.set('state', asked.state);
  if (asked.responseMode === 'form_post') return page(reply, 200, formPostPage(asked.redirectUri, answer));
  const url = new URL(asked.redirectUri);
  if (asked.responseMode === 'fragment') url.hash = answer.toString();
  else for (const [name, value] of answer) url.searchParams.set(name, value);
  return reply.header('Cache-Control', 'no-store').redirect(url.href, 302);
}

export function page(reply: FastifyReply, status: number, html: string): FastifyReply {
  return reply
    .status(status)
    .header('Content-Type', 'text/html; charset=utf-8')
    .header('Cache-Control', 'no-store')
    .header('X-Frame-Options', 'DENY')
    .header('Content-Security-Policy', "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
    .send(html);
}

/** Returns the emulator's URL as the caller uses it. */
export function baseOf(request: FastifyRequest, prefix: string): string {
  return `${request.protocol}://${request.headers.host ?? request.hostname}${prefix}`;
}

function openidConfiguration(base: string, tenant: string) {
  const issuerTenant = /^(common|organizations|consumers)$/.test(tenant) ? '{tenantid}' : tenant;
  return {
    issuer: `${base}/${issuerTenant}/v2.0`,
    authorization_endpoint: `${base}/${tenant}/oauth2/v2.0/authorize`,
    token_endpoint: `${base}/${tenant}/oauth2/v2.0/token`,
    jwks_uri: `${base}/${tenant}/discovery/v2.0/keys`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'client_secret_basic'],
    response_modes_supported: ['query', 'fragment', 'form_post'],
    response_types_supported: ['code'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    claims_supported: [
      'sub',
      'iss',
      'aud',
      'exp',
      'iat',
      'nonce',
      'preferred_username',
      'name',
      'tid',
      'oid',
      'ver',
      'email',
    ],
  };
}
