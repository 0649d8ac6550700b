import { ConfidentialClientApplication, type INetworkModule, type NetworkResponse } from '@azure/msal-node';
import { readTokenAnswer, type TokenAnswer } from '../../shared/token-answer.ts';
import type { OutlookOptions } from '../settings.ts';

const MICROSOFT = 'https://login.microsoftonline.com';
/**
 * MSAL refuses http authorities, so this host stands in for a configured login URL. Requests use only the endpoints of
 * the metadata.
 */
const STAND_IN = 'https://login.localhost';

/**
 * Creates the MSAL client for one operation. Its cache keeps nothing between two operations; what must be kept is
 * stored in the vault.
 */
export function application(options: OutlookOptions, network: INetworkModule): ConfidentialClientApplication {
  const at = `${options.loginUrl ?? MICROSOFT}/${options.tenant}`;
  const authority = `${options.loginUrl === null ? MICROSOFT : STAND_IN}/${options.tenant}`;
  return new ConfidentialClientApplication({
    auth: {
      clientId: options.clientId ?? '',
      clientSecret: options.clientSecret ?? '',
      authority,
      knownAuthorities: [new URL(authority).host],
      // The metadata is given here so that MSAL makes no discovery request.
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

/**
 * Returns whether `iss` is the v2.0 issuer of a tenant. The tenant is known only after the sign-in, so any tenant of
 * this authority is accepted.
 */
export function isIssuer(options: OutlookOptions, iss: string): boolean {
  const base = `${options.loginUrl ?? MICROSOFT}/`;
  return iss.startsWith(base) && /^[\w.-]+\/v2\.0$/.test(iss.slice(base.length));
}

/**
 * The page where an administrator approves this application for their whole organisation ("Construct the URL for
 * granting tenant-wide admin consent"). The organisation is known only after they sign in, unless this gateway serves a
 * single tenant.
 */
export function adminConsentUrl({ loginUrl, tenant, clientId }: OutlookOptions): string {
  const whose = tenant === 'common' || tenant === 'consumers' ? 'organizations' : tenant;
  return `${loginUrl ?? MICROSOFT}/${whose}/adminconsent?client_id=${encodeURIComponent(clientId ?? '')}`;
}

/** Returns the AADSTS numbers in Microsoft's description of an error. Nothing else of the description is used. */
export const codesIn = (description: unknown): number[] =>
  typeof description === 'string'
    ? [...description.matchAll(/AADSTS(\d{4,7})(?!\d)/gi)].slice(0, 10).map(([, code]) => Number(code))
    : [];

/** Reads `error_codes`, which is documented as a list of numbers. */
const codesOf = (listed: unknown): number[] =>
  [listed]
    .flat()
    .filter((code) => /^\d{4,7}$/.test(String(code)))
    .map(Number);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/**
 * Sends MSAL's requests and aborts them with the caller's signal. It records how the last request ended, because MSAL's
 * own errors do not say, and passes on only good answers: MSAL would accept a 429 without an error code as one and
 * store what is in it.
 */
export class TokenNetwork implements INetworkModule {
  status: number | null = null;
  /** OAuth's error code, such as invalid_grant. */
  refusal: string | null = null;
  suberror = '';
  /** The Retry-After header of the last answer. */
  retryAfter: string | null = null;
  /** Microsoft's AADSTS numbers for the refusal. */
  codes: readonly number[] = [];
  failure: unknown = null;
  answer: TokenAnswer | null = null;
  /** True when an answer with a good status held no usable token. */
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
    const { response, body } = await this.request(url, init);
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

  private async request(url: string, init: RequestInit): Promise<{ response: Response; body: unknown }> {
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
