import { randomBytes, randomUUID } from 'node:crypto';
import { MailError } from '../../domain/error.ts';
import { sha256 } from '../../platform/secrets/digest.ts';
import type { AuthorizationCode } from '../../providers/contract/authorization-code.ts';
import type { Provider } from '../../providers/contract/provider.ts';
import { AttemptLimiter } from '../users/attempt.limiter.ts';
import { redirectFault } from './authorization-code/redirect.ts';
import { FLOW_LIFETIME_MS } from './connect-flow.ts';
import type {
  ConnectHandler,
  ConnectMethodEntry,
  ConnectOutcome,
  ConnectRequest,
  ConnectTools,
} from './connect-method.ts';

export const authorizationCode: ConnectMethodEntry = {
  method: 'AUTHORIZATION_CODE',
  description:
    "OAuth 2.0 authorization code with PKCE: the user consents on the provider's page, and the browser is redirected back.",
  absence: 'has no consent page',
  open: (tools) => new AuthorizationCodeConnect(tools),
};

/**
 * Begins a connect flow. The state is 256 random bits, kept as a hash, and serves once. It says which flow comes back and
 * not who consented: anybody can be sent the authorization URL (RFC 6749 10.12, RFC 9700 4.7). So what comes back with it
 * (CallbackService) gives nothing to anyone, until the user who began proves with FinishService that it came back to them.
 */
class AuthorizationCodeConnect implements ConnectHandler<AuthorizationCode> {
  private readonly perUser = new AttemptLimiter(60, 5_000);
  private readonly now: () => Date;

  constructor(private readonly tools: Pick<ConnectTools, 'flows' | 'seal' | 'redirects' | 'callbackUrl' | 'now'>) {
    this.now = tools.now ?? (() => new Date());
  }

  check({ redirectUri }: ConnectRequest): void {
    const fault = redirectUri === null ? null : redirectFault(redirectUri, this.tools.redirects);
    if (fault) throw new MailError('INVALID', fault, { field: ['input', 'redirectUri'] });
  }

  async connect(provider: Provider, offered: AuthorizationCode, request: ConnectRequest): Promise<ConnectOutcome> {
    const { flows, seal, callbackUrl } = this.tools;
    const { userId, access, address, redirectUri } = request;
    this.perUser.take(userId);
    const [state, codeVerifier] = [randomBytes(32).toString('base64url'), randomBytes(32).toString('base64url')];
    const id = randomUUID();
    const createdAt = this.now();
    await flows.expire(createdAt);
    const flow = await flows.create({
      id,
      stateHash: sha256(state),
      userId,
      provider: provider.id,
      access,
      address,
      redirectUri,
      codeVerifier: seal.verifier({ id, userId }, codeVerifier),
      createdAt,
      expiresAt: new Date(createdAt.getTime() + FLOW_LIFETIME_MS),
    });
    const authorizationUrl = await offered.authorizationUrl({
      state,
      codeChallenge: sha256(codeVerifier),
      redirectUri: callbackUrl(),
      access,
      loginHint: address,
    });
    return { authorizationUrl, flow };
  }
}
