import { setTimeout as sleep } from 'node:timers/promises';
import type { AuthenticationResult } from '@azure/msal-node';
import type { Client } from '@microsoft/microsoft-graph-client';
import type { User } from '@microsoft/microsoft-graph-types';
import { isMailError, MailError } from '../../../domain/error.ts';
import type { AuthorizationCode, ExchangedCode } from '../../contract/authorization-code.ts';
import { ME } from '../read/identities.ts';
import type { OutlookOptions } from '../settings.ts';
import { malformed } from '../wire/answers.ts';
import { cost, jsonOf, refusalOf, sendOnce } from '../wire/client.ts';
import { noMailbox } from '../wire/errors.ts';
import { path } from '../wire/url.ts';
import { application, isIssuer, TokenNetwork } from './authority.ts';
import { missingScope, plainScope, scopesFor } from './scopes.ts';
import { declined } from './sign-in-refusals.ts';
import { noAccessToken, tokenError } from './token-error.ts';

/** The directory answers for anyone who may sign in; the inbox is there only with a mailbox. */
const INBOX = path('/me/mailFolders/inbox', { $select: 'id' });
const MAX_ME_TRIES = 4;
/** As long as a person who has just consented waits for the next page. */
const MAX_ME_WAIT_MS = 3_000;

export interface OutlookSecret {
  readonly refreshToken: string;
  /** What was asked for and granted: a refresh that asks for more is refused. */
  readonly scopes: readonly string[];
}

export function authorizationCode(options: OutlookOptions, sdk: Client): AuthorizationCode<OutlookSecret> {
  return {
    method: 'AUTHORIZATION_CODE',
    scopes: scopesFor,
    revokeAdvice:
      'Microsoft lets only you take the consent back: at account.live.com/consent/Manage for a personal account, at myapps.microsoft.com for a work or school account.',

    async authorizationUrl({ state, codeChallenge, redirectUri, access, loginHint }) {
      return application(options, new TokenNetwork(new AbortController().signal)).getAuthCodeUrl({
        scopes: [...scopesFor(access)],
        redirectUri,
        state,
        codeChallenge,
        codeChallengeMethod: 'S256',
        ...(loginHint === null ? { prompt: 'select_account' } : { loginHint }),
      });
    },

    isIssuer: (iss) => isIssuer(options, iss),

    declined: (refusal) => declined(options, refusal),

    approvalIn,

    async exchange({ code, codeVerifier, redirectUri, access }, signal) {
      const network = new TokenNetwork(signal);
      const app = application(options, network);
      const request = { code, codeVerifier, redirectUri, scopes: [...scopesFor(access)] };
      const result = await app.acquireTokenByCode(request).catch((error: unknown) => {
        throw tokenError(network, error, signal, 'code', options);
      });
      const { refreshToken, ...token } = tokenOf(network);
      const scopes = result.scopes.map(plainScope);
      const missing = missingScope(access, scopes);
      if (missing) throw consentRequired(missing);
      if (refreshToken === null) throw consentRequired('offline_access');
      const asked = scopesFor(access).filter((scope) => scope === 'offline_access' || scopes.includes(scope));
      return { secret: { refreshToken, scopes: asked }, ...token, scopes, claimed: claimedBy(result) };
    },

    identify: (traded, signal) => addressOf(sdk, traded, signal),

    async checkMailbox({ accessToken }, limiter, signal) {
      const request = { method: 'GET' as const, path: INBOX, cost: cost('mailFolders.get') };
      await limiter.request(request.cost, { signal, priority: 'interactive' }, async (attempt) => {
        const response = await sendOnce(sdk, request, accessToken, attempt);
        if (!response.ok) {
          const refusal = await refusalOf(response);
          // Every mailbox has an inbox, whatever Graph's word for there being none.
          throw response.status === 404 ? noMailbox(refusal) : refusal;
        }
        const failure = malformed(request.method, request.path, await jsonOf(response, attempt));
        if (failure) throw failure;
      });
    },

    async refresh(secret, signal) {
      const network = new TokenNetwork(signal);
      const app = application(options, network);
      const request = { refreshToken: secret.refreshToken, scopes: [...secret.scopes] };
      const result = await app.acquireTokenByRefreshToken(request).catch((error: unknown) => {
        throw tokenError(network, error, signal, 'refresh', options);
      });
      if (!result) throw tokenError(network, null, signal, 'refresh', options);
      const { refreshToken, accessToken, expiresAt } = tokenOf(network);
      return { secret: { ...secret, refreshToken: refreshToken ?? secret.refreshToken }, accessToken, expiresAt };
    },
  };
}

/** What the administrator's page says where it was left without an approval. */
const CANCELLED: ReadonlySet<string> = new Set(['access_denied', 'consent_required', 'permission_denied']);

/**
 * An administrator comes back with `admin_consent=True` and no code, or with an error, which may stand beside it ("Admin
 * consent on the Microsoft identity platform"); without the mark where they cancel (MicrosoftDocs/azure-docs#41053). Our
 * link to that page has no state, which the return of a sign-in has; and no sign-in comes back with a tenant.
 */
function approvalIn(query: URLSearchParams): 'given' | 'declined' | null {
  const isMarked = query.has('admin_consent');
  const error = query.get('error') ?? '';
  const isOurLink = !query.get('state') && (query.has('error_subcode') || CANCELLED.has(error));
  const isCancelled = error !== '' && (query.has('tenant') || isOurLink);
  if (!isMarked && !isCancelled) return null;
  return !query.has('error') && /^true$/i.test(query.get('admin_consent') ?? '') ? 'given' : 'declined';
}

/** From the answer itself: MSAL shows a rotated refresh token nowhere but in its cache. */
function tokenOf({ answer }: TokenNetwork) {
  if (!answer) throw noAccessToken();
  const { accessToken, expiresAt, refreshToken } = answer;
  return { accessToken, expiresAt, refreshToken };
}

const consentRequired = (scope: string): MailError =>
  new MailError(
    'CONSENT_REQUIRED',
    `Microsoft was not given your consent to ${scope}, which this access needs. Connect again and agree to it.`,
  );

function claimedBy({ idTokenClaims }: AuthenticationResult): string[] {
  const { email, preferred_username } = idTokenClaims as { email?: unknown; preferred_username?: unknown };
  return [email, preferred_username].filter(isAddress);
}

/** The account's own address, as the directory has it; claims are what a person or a tenant may have chosen. */
async function addressOf(
  sdk: Client,
  { accessToken, claimed = [] }: ExchangedCode<OutlookSecret>,
  signal: AbortSignal,
): Promise<string> {
  const response = await askMe(sdk, accessToken, signal);
  const me: User = response.ok ? await readMe(response, signal) : {};
  const address = [me.mail, ...claimed, me.userPrincipalName].find(isAddress);
  if (!address) throw new MailError('UNSUPPORTED', 'This Microsoft account has no mail address.');
  return address;
}

async function readMe(response: Response, signal: AbortSignal): Promise<User> {
  const me = await jsonOf(response, signal);
  const failure = malformed('GET', ME, me);
  if (failure) throw failure;
  return me as User;
}

/**
 * The answer, 200 or 403. No limiter can know whose account this is before it says so, and its mailbox may be busy, with a
 * sync of ours perhaps: a short Retry-After is waited for, since the user has just consented and is waiting.
 */
async function askMe(sdk: Client, token: string, signal: AbortSignal): Promise<Response> {
  for (let tries = 1; ; tries++) {
    const response = await sendOnce(sdk, { method: 'GET', path: ME, cost: cost('me.get') }, token, signal);
    if (response.ok || response.status === 403) return response;
    const refusal = await refusalOf(response);
    const waitMs = isMailError(refusal) ? (refusal.retryAfterMs ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
    if (tries === MAX_ME_TRIES || waitMs > MAX_ME_WAIT_MS) throw refusal;
    await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

const isAddress = (value: unknown): value is string => typeof value === 'string' && /^[^\s@]+@[^\s@]+$/.test(value);
