import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { retryAfterOf, type World } from '../world.ts';
import type { Authorize, AuthorizeAnswer } from './identity/authorize.ts';
import type { Grants } from './identity/grants.ts';
import { type SigningKeys, subjectOf } from './identity/keys.ts';
import { OAuthError } from './identity/oauth.error.ts';
import type { TokenEndpoint } from './identity/token.endpoint.ts';
import type { Tokens } from './identity/tokens.ts';
import type { GoogleOptions } from './options.ts';
import type { Push } from './push.ts';
import { json, split } from './wire/dispatch.ts';
import { cutOf, delay, spoilt } from './wire/fault.ts';
import { sendAnswer, type WireAnswer } from './wire/reply.ts';

const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'x-frame-options': 'DENY',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
};

interface OAuthParts {
  readonly world: World;
  readonly options: GoogleOptions;
  readonly authorize: Authorize;
  readonly endpoint: TokenEndpoint;
  readonly tokens: Tokens;
  readonly grants: Grants;
  readonly keys: SigningKeys;
  readonly push: Push;
}

/** Serves accounts.google.com, oauth2.googleapis.com and the certificates of www.googleapis.com on one host. */
export function oauthRoutes(app: FastifyInstance, parts: OAuthParts): void {
  const { authorize, endpoint, tokens, grants, keys, push, world } = parts;

  app.get('/o/oauth2/v2/auth', (request, reply) => showPage(reply, authorize.page(split(request.url)[1])));
  app.post('/o/oauth2/v2/auth', (request, reply) =>
    showPage(reply, authorize.decide(split(request.url)[1], formOf(request))),
  );

  app.post('/token', (request, reply) =>
    logged(parts, request, reply, 'token', () => endpoint.exchange(formOf(request), request.headers.authorization)),
  );

  app.post('/revoke', (request, reply) =>
    logged(parts, request, reply, 'revoke', () => {
      const token = formOf(request).get('token') ?? new URLSearchParams(split(request.url)[1]).get('token') ?? '';
      const claims = tokens.read('refresh', token) ?? tokens.read('access', token);
      if (!claims || !grants.stands(claims, world.now()))
        throw new OAuthError(400, 'invalid_token', 'Token expired or revoked');
      // Revoking an access token or a refresh token ends the user's whole grant to this client.
      grants.revoke(claims.account);
      push.stop(claims.account);
      return { account: claims.account, body: {} };
    }),
  );

  app.route({
    method: ['GET', 'POST'],
    url: '/tokeninfo',
    handler: (request, reply) =>
      logged(parts, request, reply, 'token.info', () => {
        const query = new URLSearchParams(split(request.url)[1]);
        const token = query.get('access_token') ?? formOf(request).get('access_token') ?? '';
        const claims = tokens.read('access', token);
        if (!claims?.expiresAt || !grants.stands(claims, world.now()))
          throw new OAuthError(400, 'invalid_token', 'Invalid Value');
        const left = Math.floor((claims.expiresAt - world.now().getTime()) / 1000);
        const body = {
          azp: parts.options.clientId,
          aud: parts.options.clientId,
          sub: subjectOf(claims.account),
          scope: claims.scopes.join(' '),
          exp: String(Math.floor(claims.expiresAt / 1000)),
          expires_in: String(left),
          email: claims.account,
          email_verified: 'true',
          access_type: 'offline',
        };
        return { account: claims.account, body };
      }),
  });

  app.get('/oauth2/v3/certs', (_request, reply) =>
    reply.header('cache-control', 'public, max-age=3600').type('application/json; charset=UTF-8').send(keys.jwks()),
  );
}

function showPage(reply: FastifyReply, answer: AuthorizeAnswer): FastifyReply {
  if (answer.location !== undefined)
    return reply.header('cache-control', 'no-store').redirect(answer.location, answer.status);
  return reply.code(answer.status).headers(PAGE_HEADERS).send(answer.html);
}

/** Runs an OAuth call with its faults, and logs it. The account is known only after the token was read. */
async function logged(
  { world, tokens }: OAuthParts,
  request: FastifyRequest,
  reply: FastifyReply,
  operation: string,
  run: () => { account: string; body: object },
): Promise<FastifyReply> {
  const startedAt = Date.now();
  const form = formOf(request);
  const said = tokens.read('refresh', form.get('refresh_token') ?? '') ?? tokens.read('code', form.get('code') ?? '');
  let account = said?.account ?? null;
  const fault = world.faults.meet('google', account, operation);
  await delay(fault);
  let answer: WireAnswer;
  try {
    if (fault?.hang) answer = { status: 0, headers: {}, body: '', cut: 'hang' };
    else if (fault?.status) throw faultOf(fault.status);
    else {
      const result = run();
      account = result.account;
      answer = json(200, result.body, { 'cache-control': 'no-store' }, cutOf(fault));
    }
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    const header = fault ? retryAfterOf(fault) : undefined;
    const retryAfter = header === undefined ? {} : { 'retry-after': header };
    answer = json(error.status, error.body(), retryAfter, null);
  }
  world.log.add({
    vendor: 'google',
    account,
    method: request.method,
    path: `/${operation}`,
    operation,
    status: answer.status,
    units: 0,
    batch: null,
    startedAt,
    endedAt: Date.now(),
  });
  return sendAnswer(reply, spoilt(answer, fault));
}

function faultOf(status: number): OAuthError {
  if (status === 400) return new OAuthError(400, 'invalid_grant', 'Token has been expired or revoked.');
  if (status === 401) return new OAuthError(401, 'invalid_client', 'Unauthorized');
  if (status === 429) return new OAuthError(429, 'rate_limit_exceeded', 'Rate Limit Exceeded');
  return new OAuthError(status, status < 500 ? 'access_denied' : 'internal_failure', 'Backend Error');
}

/** Google accepts the parameters as a form or as JSON. */
function formOf(request: FastifyRequest): URLSearchParams {
  const text = Buffer.isBuffer(request.body) ? request.body.toString('utf8') : '';
  if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) return new URLSearchParams(text);
  try {
    const value: unknown = JSON.parse(text);
    return new URLSearchParams(Object.entries(Object(value)).map(([name, each]) => [name, String(each)]));
  } catch {
    return new URLSearchParams();
  }
}
