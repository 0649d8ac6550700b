import { randomBytes, randomUUID } from 'node:crypto';
import { MailError } from '../../../domain/error.ts';
import { sha256 } from '../../../platform/secrets/digest.ts';
import type { AuthorizationCode } from '../../../providers/contract/authorization-code.ts';
import type { Provider } from '../../../providers/contract/provider.ts';
import type { IntegrationRecord } from '../../integrations/integration.ts';
import { AttemptLimiter } from '../../users/attempt.limiter.ts';
import { type ConnectFlowRecord, FLOW_LIFETIME_MS } from '../connect-flow.ts';
import type {
  ConnectHandler,
  ConnectMethodEntry,
  ConnectOutcome,
  ConnectRequest,
  ConnectTools,
} from '../connect-method.ts';
import { redirectFault } from '../redirect.ts';
import { FlowSeal } from './connect-flow.seal.ts';
import { FinishService } from './finish.service.ts';

export const authorizationCode: ConnectMethodEntry = {
  method: 'AUTHORIZATION_CODE',
  description:
    "OAuth 2.0 authorization code with PKCE: the user consents on the provider's page, and the browser is redirected back.",
  absence: 'has no consent page',
  takes: ['redirectUri'],
  open: (tools) => new AuthorizationCodeConnect(tools),
};

/**
 * Begins and finishes a connect flow. The state is 256 random bits, is stored as a hash, and can be used once. It identifies
 * the flow, but not the person who consented: anybody can receive the authorization URL (RFC 6749 10.12, RFC 9700 4.7). So
 * CallbackService connects nothing, until the user who began proves with FinishService that the browser came back to them.
 */
class AuthorizationCodeConnect implements ConnectHandler<AuthorizationCode> {
  private readonly perUser = new AttemptLimiter(60, 5_000);
  private readonly now: () => Date;

  private readonly seal: FlowSeal;
  private readonly finishes: FinishService;

  constructor(private readonly tools: ConnectTools) {
    this.now = tools.now ?? (() => new Date());
    this.seal = new FlowSeal(tools.sealer);
    this.finishes = new FinishService({ ...tools, seal: this.seal });
  }

  check({ redirectUri }: ConnectRequest): void {
    const fault = redirectUri == null ? null : redirectFault(redirectUri, this.tools.redirects);
    if (fault) throw new MailError('INVALID', fault, { field: ['input', 'redirectUri'] });
  }

  async connect(provider: Provider, offered: AuthorizationCode, request: ConnectRequest): Promise<ConnectOutcome> {
    const { flows, callbackUrl } = this.tools;
    const { userId, access, address = null, redirectUri = null } = request;
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
      method: offered.method,
      access,
      address,
      redirectUri,
      codeVerifier: this.seal.verifier({ id, userId }, codeVerifier),
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

  instructions({ status, redirectUri }: ConnectFlowRecord, { name }: Provider): string {
    if (status === 'CONSENT') return `Sign in on the page of ${name} that was opened, and allow the access.`;
    return redirectUri === null
      ? 'Enter the code that the page shows after the sign-in.'
      : `Go back to the page that was opened after the sign-in at ${name}.`;
  }

  finish(userId: string, token: string): Promise<IntegrationRecord | null> {
    return this.finishes.finish(userId, token);
  }
}
