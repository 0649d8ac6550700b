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

/** The inbox exists only for a user with a mailbox, while the directory answers for anyone who may sign in. */
const INBOX = path('/me/mailFolders/inbox', { $select: 'id' });
const MAX_ME_TRIES = 4;
/** The longest wait for a busy account. The user has just consented and waits for the next page. */
const MAX_ME_WAIT_MS = 3_000;

export interface OutlookSecret {
  readonly refreshToken: string;
  /** The scopes that were requested and granted. Microsoft refuses a refresh that requests more. */
  readonly scopes: readonly string[];
}

export function authorizationCode(options: OutlookOptions, sdk: Client): AuthorizationCode<OutlookSecret> {
  return {
    method: 'AUTHORIZATION_CODE',
    scopes: scopesFor,
    revokeAdvice:
      'Only you can withdraw the consent at Microsoft: at account.live.com/consent/Manage for a personal account, at myapps.microsoft.com for a work or school account.',

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
      const requested = scopesFor(access).filter((scope) => scope === 'offline_access' || scopes.includes(scope));
      return { secret: { refreshToken, scopes: requested }, ...token, scopes, claimed: claimedBy(result) };
    },

    identify: (traded, signal) => addressOf(sdk, traded, signal),

    async checkMailbox({ accessToken }, limiter, signal) {
      const request = { method: 'GET' as const, path: INBOX, cost: cost('mailFolders.get') };
      await limiter.request(request.cost, { signal, priority: 'interactive' }, async (attempt) => {
        const response = await sendOnce(sdk, request, accessToken, attempt);
        if (!response.ok) {
          const refusal = await refusalOf(response);
          // Every mailbox has an inbox, so a 404 means that there is no mailbox, whatever Graph's error code is.
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

/** Errors with which the administrator's page returns when it was left without an approval. */
const CANCELLED: ReadonlySet<string> = new Set(['access_denied', 'consent_required', 'permission_denied']);

/**
 * Returns whether an administrator comes back from the approval page, and with which decision. They return with
 * `admin_consent=True` and no code, or with an error, possibly beside that parameter ("Admin consent on the Microsoft
 * identity platform"), or without the parameter when they cancel (MicrosoftDocs/azure-docs#41053). Our link to that
 * page has no state, unlike a sign-in, and no sign-in returns with a tenant.
 */
function approvalIn(query: URLSearchParams): 'given' | 'declined' | null {
  const isMarked = query.has('admin_consent');
  const error = query.get('error') ?? '';
  const isOurLink = !query.get('state') && (query.has('error_subcode') || CANCELLED.has(error));
  const isCancelled = error !== '' && (query.has('tenant') || isOurLink);
  if (!isMarked && !isCancelled) return null;
  return !query.has('error') && /^true$/i.test(query.get('admin_consent') ?? '') ? 'given' : 'declined';
}

/** Returns the tokens of the raw answer, because MSAL exposes a rotated refresh token only in its cache. */
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

/**
 * Returns the account's own address as the directory has it. A person or a tenant may have chosen the addresses in the
 * claims.
 */
async function addressOf(
  sdk: Client,
  { accessToken, claimed = [] }: ExchangedCode<OutlookSecret>,
  signal: AbortSignal,
): Promise<string> {
  const response = await requestMe(sdk, accessToken, signal);
  const me: User = response.ok ? await readMe(response, signal) : {};
  const address = [me.mail, ...claimed, me.userPrincipalName].find(isAddress);
  if (!address)
    throw new MailError('UNSUPPORTED', 'This Microsoft account has no mail address. Connect an account that has one.');
  return address;
}

async function readMe(response: Response, signal: AbortSignal): Promise<User> {
  const me = await jsonOf(response, signal);
  const failure = malformed('GET', ME, me);
  if (failure) throw failure;
  return me as User;
}

/**
 * Returns Graph's answer about the signed-in user, 200 or 403. The limiter cannot be used, because the account is not
 * known yet, and its mailbox may be busy, perhaps with our own sync. A short Retry-After is waited for, because the
 * user has just consented and is waiting.
 */
async function requestMe(sdk: Client, token: string, signal: AbortSignal): Promise<Response> {
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
