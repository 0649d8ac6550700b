import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { guid } from '../mailbox/ids.ts';
import { adminConsentPage, errorPage } from './consent.page.ts';
import { formOf, type Identity, isRegistered, page } from './identity.ts';
import { badRedirect, oauthErrorBody, unknownClient } from './oauth.errors.ts';
import { UNTIL_APPROVED } from './sign-in.refusals.ts';

/**
 * GET /{tenant}/adminconsent, where an administrator approves the application for everyone in the tenant ("Grant tenant-wide
 * admin consent"). Without a redirect URI the registered one is used.
 */
export function adminConsentRoutes(app: FastifyInstance, identity: Identity): void {
  app.get('/:tenant/adminconsent', async (request, reply) => {
    const asked = read(identity, request);
    if (typeof asked === 'string') return page(reply, 400, errorPage(asked));
    return page(reply, 200, adminConsentPage(request.url, identity.clientId));
  });
  app.post('/:tenant/adminconsent', async (request, reply) => {
    const asked = read(identity, request);
    if (typeof asked === 'string') return page(reply, 400, errorPage(asked));
    if (formOf(request).get('decision') !== 'approve')
      // There is no tenant and no description, as reported in MicrosoftDocs/azure-docs#41053.
      return back(reply, asked, { error: 'access_denied', error_subcode: 'cancel' });
    identity.refusals.lift(UNTIL_APPROVED);
    return back(reply, asked, { admin_consent: 'True', tenant: guid('tenant', 'outlook.example') });
  });
}

interface Asked {
  readonly redirectUri: string;
  readonly state: string | null;
}

/** Returns the error of a request that cannot be answered by a redirect. */
function read({ clientId, registeredUri, world }: Identity, request: FastifyRequest): Asked | string {
  const query = new URL(request.url, 'http://sandbox').searchParams;
  const client = query.get('client_id') ?? '';
  if (client !== clientId) return oauthErrorBody(unknownClient(client), world.now()).error_description;
  const redirectUri = query.get('redirect_uri') ?? registeredUri();
  if (!isRegistered(redirectUri))
    return oauthErrorBody(badRedirect(redirectUri, client), world.now()).error_description;
  return { redirectUri, state: query.get('state') };
}

function back(reply: FastifyReply, { redirectUri, state }: Asked, answer: Record<string, string>): FastifyReply {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries(answer)) url.searchParams.set(name, value);
  if (state !== null) url.searchParams.set('state', state);
  return reply.header('Cache-Control', 'no-store').redirect(url.href, 302);
}
