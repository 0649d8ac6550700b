import { ConfidentialClientApplication, type INetworkModule, type NetworkResponse } from '@azure/msal-node';
import { readTokenAnswer, type TokenAnswer } from '../../shared/token-answer.ts';
import type { OutlookOptions } from '../settings.ts';

const MICROSOFT = 'https://login.microsoftonline.com';
/** MSAL refuses http authorities, so another host hides behind this one: the endpoints in the metadata are what is used. */
const STAND_IN = 'https://login.localhost';

/** MSAL for one operation. Nothing is kept in its cache between two: what must be kept goes to the vault. */
export function application(options: OutlookOptions, network: INetworkModule): ConfidentialClientApplication {
  const at = `${options.loginUrl ?? MICROSOFT}/${options.tenant}`;
  const authority = `${options.loginUrl === null ? MICROSOFT : STAND_IN}/${options.tenant}`;
  return new ConfidentialClientApplication({
    auth: {
      clientId: options.clientId ?? '',
      clientSecret: options.clientSecret ?? '',
      authority,
      knownAuthorities: [new URL(authority).host],
      // Given, so that no discovery request is made.
      authorityMetadata: JSON.stringify({
        issuer: `${at}/v2.0`,
        authorization_endpoint: `${at}/oauth2/v2.0/authorize`,
        token_endpoint: `${at}/oauth2/v2.0/token`,
        jwks_uri: `${at}/discovery/v2.0/keys`,
      }),
    },
    system: { networkClient: network, disableInternalRetries: true },
  });
}

/** The v2.0 issuer of a tenant: whose it is shows only after the sign-in, so any tenant of this authority is. */
export function isIssuer(options: OutlookOptions, iss: string): boolean {
  const base = `${options.loginUrl ?? MICROSOFT}/`;
  return iss.startsWith(base) && /^[\w.-]+\/v2\.0$/.test(iss.slice(base.length));
}

/**
 * Where an administrator approves this application for their whole organisation ("Construct the URL for granting
 * tenant-wide admin consent"): whose that is shows only when they sign in, unless one alone is served.
 */
export function adminConsentUrl({ loginUrl, tenant, clientId }: OutlookOptions): string {
  const whose = tenant === 'common' || tenant === 'consumers' ? 'organizations' : tenant;
  return `${loginUrl ?? MICROSOFT}/${whose}/adminconsent?client_id=${encodeURIComponent(clientId ?? '')}`;
}

/** The numbers that Microsoft's description of an error holds; nothing else of it is used. */
export const codesIn = (description: unknown): number[] =>
  typeof description === 'string'
    ? [...description.matchAll(/AADSTS(\d{4,7})(?!\d)/gi)].slice(0, 10).map(([, code]) => Number(code))
    : [];

/** `error_codes`: a list of numbers, as it is documented. */
const codesOf = (listed: unknown): number[] =>
  [listed]
    .flat()
    .filter((code) => /^\d{4,7}$/.test(String(code)))
    .map(Number);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/**
 * MSAL's requests, ended by the caller's signal. Remembers how the last one ended, which MSAL's own errors do not say, and
 * passes on nothing but a good answer: MSAL takes a limit without an error word for one, and keeps whatever is in it.
 */
export class TokenNetwork implements INetworkModule {
  status: number | null = null;
  /** OAuth's word for a refusal: invalid_grant. */
  refusal: string | null = null;
  suberror = '';
  /** Its Retry-After. */
  retryAfter: string | null = null;
  /** Microsoft's own numbers for why. */
  codes: readonly number[] = [];
  failure: unknown = null;
  answer: TokenAnswer | null = null;
  /** It was a good answer by its status, and had no token that could be used. */
  isMalformed = false;

  constructor(private readonly signal: AbortSignal) {}

  sendGetRequestAsync<T>(url: string, options?: { headers?: Record<string, string> }): Promise<NetworkResponse<T>> {
    return this.send(url, { headers: options?.headers ?? {} });
  }

  sendPostRequestAsync<T>(
    url: string,
    options?: { headers?: Record<string, string>; body?: string },
  ): Promise<NetworkResponse<T>> {
    return this.send(url, { method: 'POST', headers: options?.headers ?? {}, body: options?.body ?? '' });
  }

  private async send<T>(url: string, init: RequestInit): Promise<NetworkResponse<T>> {
    const { response, body } = await this.ask(url, init);
    const { error, suberror, error_codes, error_description } = Object(body) as Record<string, unknown>;
    if (error !== undefined || !response.ok) {
      this.refusal = typeof error === 'string' ? error.toLowerCase() : null;
      this.suberror = textOf(suberror);
      if (this.refusal !== null) this.codes = [...new Set([...codesOf(error_codes), ...codesIn(error_description)])];
      throw new Error('the token endpoint refused');
    }
    this.answer = readTokenAnswer(body);
    this.isMalformed = this.answer === null;
    if (!this.answer) throw new Error('the token answer is malformed');
    const { expiresAt, refreshToken } = this.answer;
    const expires_in = Math.ceil((expiresAt.getTime() - Date.now()) / 1_000);
    const read = { ...(body as object), expires_in, refresh_token: refreshToken ?? undefined };
    return { headers: Object.fromEntries(response.headers), body: read as T, status: response.status };
  }

  private async ask(url: string, init: RequestInit): Promise<{ response: Response; body: unknown }> {
    try {
      const response = await fetch(url, { ...init, redirect: 'error', signal: this.signal });
      this.status = response.status;
      this.retryAfter = response.headers.get('retry-after');
      return { response, body: (await response.json()) as unknown };
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}
