import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { MailError } from '../../domain/error.ts';
import type { Access } from '../../providers/contract/connect.ts';
import type { Provider } from '../../providers/contract/provider.ts';
import { AttemptLimiter } from '../users/attempt.limiter.ts';
import type { FlowSeal } from './authorization-code/connect-flow.seal.ts';
import { type RedirectRules, redirectFault } from './authorization-code/redirect.ts';
import { chooseProvider, type ProviderChoice } from './choose-provider.ts';
import type { ConnectFlowStore } from './connect-flow.store.ts';
import { type ConnectFlowRecord, FLOW_LIFETIME_MS } from './connect-flow.ts';
import type { DiscoveryService } from './discovery.service.ts';

export interface ConnectOptions {
  readonly providers: readonly Provider[];
  readonly discovery: DiscoveryService;
  readonly flows: ConnectFlowStore;
  readonly seal: FlowSeal;
  readonly redirects: RedirectRules;
  /** `${PUBLIC_URL}/oauth/callback`, asked when needed: the port may be known only after listening. */
  readonly callbackUrl: () => string;
  readonly now?: () => Date;
}

export interface ConnectRequest extends ProviderChoice {
  readonly access: Access;
  readonly redirectUri: string | null;
}

export interface Begun {
  readonly authorizationUrl: string;
  readonly provider: Provider;
  readonly flow: ConnectFlowRecord;
}

/**
 * Begins a connect flow. The state is 256 random bits, kept as a hash, and serves once. It says which flow comes back and
 * not who consented: anybody can be sent the authorization URL (RFC 6749 10.12, RFC 9700 4.7). So what comes back with it
 * gives nothing to anyone, until the user who began proves with FinishService that it came back to them.
 */
export class ConnectService {
  private readonly perUser = new AttemptLimiter(60, 5_000);
  private readonly now: () => Date;

  constructor(private readonly options: ConnectOptions) {
    this.now = options.now ?? (() => new Date());
  }

  /** Where to send the user. Throws MailError with the field at fault. */
  async begin(userId: string, request: ConnectRequest): Promise<Begun> {
    const { flows, seal, redirects, callbackUrl } = this.options;
    const { access, address, redirectUri } = request;
    const fault = redirectUri === null ? null : redirectFault(redirectUri, redirects);
    if (fault) throw new MailError('INVALID', fault, { field: ['input', 'redirectUri'] });
    const provider = await chooseProvider(request, this.options);
    const { connect } = provider;
    if (connect.kind !== 'oauth') {
      throw new MailError('UNSUPPORTED', `${provider.name} has no consent page: use one of its connectMethods.`, {
        field: ['input', 'method'],
      });
    }
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
    const authorizationUrl = await connect.authorizationUrl({
      state,
      codeChallenge: sha256(codeVerifier),
      redirectUri: callbackUrl(),
      access,
      loginHint: address,
    });
    return { authorizationUrl, provider, flow };
  }
}

/** Of the state, for finding its flow, and of the PKCE verifier (RFC 7636 4.2). */
export const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url');
