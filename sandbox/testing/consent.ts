import { createHash, randomBytes } from 'node:crypto';
import { CLIENT, REDIRECT } from './emulator.ts';

export interface Consent {
  /** Scopes that the user does not grant. */
  readonly untick?: readonly string[];
  readonly decision?: string;
  readonly query?: Record<string, string>;
  readonly account: string;
}

/** Submits the consent page as a browser would. Returns the URL that the vendor redirects to, and the PKCE verifier. */
export async function consentAt(
  page: string,
  scopes: readonly string[],
  { untick = [], decision = 'approve', query = {}, account }: Consent,
): Promise<{ verifier: string; answer: URL; status: number }> {
  const verifier = randomBytes(48).toString('base64url');
  const asked = new URLSearchParams({
    client_id: CLIENT.clientId,
    redirect_uri: REDIRECT,
    response_type: 'code',
    scope: scopes.join(' '),
    state: 'the state',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
    ...query,
  });
  const form = new URLSearchParams({ account, decision });
  for (const each of scopes) if (!untick.includes(each)) form.append('scope', each);
  const response = await fetch(`${page}?${asked}`, { method: 'POST', body: form, redirect: 'manual' });
  return { verifier, answer: new URL(response.headers.get('location') ?? 'about:blank'), status: response.status };
}
