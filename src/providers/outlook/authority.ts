import { ConfidentialClientApplication, type INetworkModule, type NetworkResponse } from '@azure/msal-node';
import type { OutlookOptions } from './settings.ts';

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
    ? [...description.matchAll(/\bAADSTS(\d{4,7})\b/g)].slice(0, 10).map(([, code]) => Number(code))
    : [];

/** MSAL's requests, ended by the caller's signal. Remembers how the last one ended, which MSAL's own errors do not say. */
export class TokenNetwork implements INetworkModule {
  status: number | null = null;
  /** OAuth's word for a refusal: invalid_grant. */
  refusal: string | null = null;
  /** Its Retry-After. */
  retryAfter: string | null = null;
  /** Microsoft's own numbers for why. */
  codes: readonly number[] = [];
  failure: unknown = null;

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
    try {
      const response = await fetch(url, { ...init, redirect: 'error', signal: this.signal });
      this.status = response.status;
      this.retryAfter = response.headers.get('retry-after');
      const body = (await response.json()) as T;
      const { error: word, error_codes, error_description } = (body ?? {}) as Record<string, unknown>;
      this.refusal = typeof word === 'string' ? word : null;
      const listed = Array.isArray(error_codes) ? error_codes.filter((code) => typeof code === 'number') : [];
      this.codes = this.refusal === null ? [] : [...listed, ...codesIn(error_description)];
      return { headers: Object.fromEntries(response.headers), body, status: response.status };
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}
