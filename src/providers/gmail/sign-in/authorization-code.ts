import { CodeChallengeMethod, OAuth2Client } from 'google-auth-library';
import { MailError } from '../../../domain/error.ts';
import type {
  AuthorizationCode,
  AuthorizationRefusal,
  AuthorizationRequest,
  CodeExchange,
  ExchangedCode,
} from '../../contract/authorization-code.ts';
import type { Access, Refreshed } from '../../contract/connect.ts';
import { readTokenAnswer, type TokenAnswer } from '../../shared/token-answer.ts';
import type { GmailOptions } from '../settings.ts';
import { gmailOrigin, sdkCall } from '../wire/client.ts';
import { signInRefusal } from './sign-in-refusals.ts';
import { isRevokedBefore, oauthError } from './token-error.ts';

/** The sealed secret of a Gmail account. */
export interface GmailSecret {
  readonly refreshToken: string;
}

/** The issuer in Google's discovery document. It does not depend on the configured host. */
const ISSUER = 'https://accounts.google.com';
const FULL_SCOPE = 'https://mail.google.com/';
const SCOPES: Readonly<Record<Access, readonly string[]>> = {
  READ: ['https://www.googleapis.com/auth/gmail.readonly'],
  WRITE: ['https://www.googleapis.com/auth/gmail.modify'],
  // Permanent deletion needs the scope for the whole mailbox.
  FULL: [FULL_SCOPE],
};
const TIMEOUT_MS = 15_000;

export class GoogleAuthorizationCode implements AuthorizationCode<GmailSecret> {
  readonly method = 'AUTHORIZATION_CODE';
  readonly revokeAdvice = 'Remove Postern at https://myaccount.google.com/connections to take the consent back.';

  constructor(private readonly options: GmailOptions) {}

  scopes(access: Access): readonly string[] {
    return SCOPES[access];
  }

  async authorizationUrl(request: AuthorizationRequest): Promise<string> {
    return this.client(undefined, request.redirectUri).generateAuthUrl({
      scope: [...SCOPES[request.access]],
      state: request.state,
      code_challenge: request.codeChallenge,
      code_challenge_method: CodeChallengeMethod.S256,
      // Offline and consent together make Google return a refresh token each time, also to people who consented before.
      access_type: 'offline',
      prompt: 'consent',
      include_granted_scopes: false,
      ...(request.loginHint === null ? {} : { login_hint: request.loginHint }),
    });
  }

  isIssuer(iss: string): boolean {
    return iss === ISSUER;
  }

  declined({ error, description, subtype }: AuthorizationRefusal): MailError | null {
    return signInRefusal({ code: error, subtype, description }, 'consent');
  }

  async exchange(exchange: CodeExchange, signal: AbortSignal): Promise<ExchangedCode<GmailSecret>> {
    const { code, codeVerifier, redirectUri } = exchange;
    const { refreshToken, scope, accessToken, expiresAt } = await answerOf(
      this.client(signal, redirectUri),
      (client) => client.getToken({ code, codeVerifier, redirect_uri: redirectUri }),
      'exchange',
    );
    const scopes = scope === null ? SCOPES[exchange.access] : scope.split(' ').filter(Boolean);
    // Google lets people deselect single scopes.
    const missing = SCOPES[exchange.access].find((scope) => !scopes.includes(scope) && !scopes.includes(FULL_SCOPE));
    if (missing) {
      throw new MailError(
        'CONSENT_REQUIRED',
        `Access ${exchange.access} needs the consent ${missing}, which was not given. Connect again and tick it.`,
      );
    }
    if (refreshToken === null) {
      throw new MailError(
        'CONSENT_REQUIRED',
        `Google returned no refresh token. ${this.revokeAdvice} Then connect again.`,
      );
    }
    return { secret: { refreshToken }, accessToken, expiresAt, scopes };
  }

  async identify({ accessToken }: ExchangedCode<GmailSecret>, signal: AbortSignal): Promise<string> {
    const profile = await sdkCall(
      gmailOrigin(this.options.apiUrl),
      'getProfile',
      accessToken,
      signal,
      (users, options) => users.getProfile({ userId: 'me' }, options),
    );
    if (!profile.emailAddress)
      throw new MailError('PROVIDER_UNAVAILABLE', 'Gmail did not say whose account this is. Try again.');
    return profile.emailAddress;
  }

  async refresh(secret: GmailSecret, signal: AbortSignal): Promise<Refreshed<GmailSecret>> {
    const client = this.client(signal);
    client.setCredentials({ refresh_token: secret.refreshToken });
    // The library's result contains the old refresh token. Only the answer itself shows whether there is a new one.
    const { refreshToken, accessToken, expiresAt } = await answerOf(
      client,
      () => client.refreshAccessToken(),
      'refresh',
    );
    return { secret: { refreshToken: refreshToken ?? secret.refreshToken }, accessToken, expiresAt };
  }

  /** Revokes the user's whole grant to this client, for all integrations of the mailbox. */
  async revoke(secret: GmailSecret, signal: AbortSignal): Promise<void> {
    const ending = this.client(signal).revokeToken(secret.refreshToken);
    await withOAuthErrors(() => ending.catch(unlessRevokedBefore), 'revoke');
  }

  /** Creates a client for one call, because the library stores credentials and the signal in it. */
  private client(signal?: AbortSignal, redirectUri?: string): OAuth2Client {
    const base = this.options.oauthUrl;
    const client = new OAuth2Client({
      clientId: this.options.clientId ?? '',
      clientSecret: this.options.clientSecret ?? '',
      ...(redirectUri === undefined ? {} : { redirectUri }),
      ...(base === null
        ? {}
        : {
            endpoints: {
              oauth2AuthBaseUrl: `${base}/o/oauth2/v2/auth`,
              oauth2TokenUrl: `${base}/token`,
              oauth2RevokeUrl: `${base}/revoke`,
            },
          }),
      transporterOptions: { timeout: TIMEOUT_MS, fetchImplementation: fetch, ...(signal ? { signal } : {}) },
    });
    // The library would retry a code exchange, but a code works once.
    client.transporter.interceptors.request.add({
      resolved: async (request) => {
        request.retry = false;
        delete request.retryConfig;
        return request;
      },
    });
    return client;
  }
}

/** Validates the token endpoint's answer before the library processes it, because the library accepts any answer. */
async function answerOf(
  client: OAuth2Client,
  ask: (client: OAuth2Client) => PromiseLike<unknown>,
  step: 'exchange' | 'refresh',
): Promise<TokenAnswer> {
  let answer: TokenAnswer | null = null;
  client.transporter.interceptors.response.add({
    resolved: async (response) => {
      answer = readTokenAnswer(response.data);
      if (answer === null) throw noAccessToken();
      return response;
    },
  });
  await withOAuthErrors(() => ask(client), step);
  if (answer === null) throw noAccessToken();
  return answer;
}

const noAccessToken = (): MailError =>
  new MailError('PROVIDER_UNAVAILABLE', 'Google returned no access token. Try again.');

function unlessRevokedBefore(error: unknown): void {
  if (!isRevokedBefore(error)) throw error;
}

async function withOAuthErrors<T>(ask: () => PromiseLike<T>, step: 'exchange' | 'refresh' | 'revoke'): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw oauthError(error, step);
  }
}
