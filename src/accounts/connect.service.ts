import { createHash, randomBytes } from 'node:crypto';
import { MailError } from '../domain/error.ts';
import type { Sealer } from '../platform/seal.ts';
import type { Access, OAuth } from '../providers/connect.ts';
import type { Provider } from '../providers/provider.ts';
import { AttemptLimiter } from './attempt.limiter.ts';
import { chooseProvider, type ProviderChoice } from './choose-provider.ts';
import type { DiscoveryService } from './discovery.service.ts';
import type { OAuthStateRecord, OAuthStateStore } from './oauth-state.store.ts';
import { isAllowedRedirect } from './redirect.ts';

const STATE_MS = 15 * 60_000;
const PURPOSE = 'oauth-state';

export interface ConnectOptions {
  readonly providers: readonly Provider[];
  readonly discovery: DiscoveryService;
  readonly states: OAuthStateStore;
  readonly sealer: Sealer;
  /** REDIRECT_URIS. */
  readonly redirectUris: readonly string[];
  /** `${PUBLIC_URL}/oauth/callback`, asked when needed: the port may be known only after listening. */
  readonly callbackUrl: () => string;
  readonly now?: () => Date;
}

export interface ConnectRequest extends ProviderChoice {
  readonly access: Access;
  readonly redirectUri: string | null;
}

/** A flow that has come back with a state of ours. */
export interface BegunFlow {
  readonly userId: string;
  readonly provider: Provider;
  readonly connect: OAuth<unknown>;
  readonly access: Access;
  readonly redirectUri: string | null;
  readonly codeVerifier: string;
}

/**
 * Begins a connect flow and recognises it when it comes back. The state is 256 random bits, kept as a hash, good for 15
 * minutes and for one use, and belongs to the user who began: whatever comes back with it becomes that user's. It is not
 * tied to a browser, because no cookie is ever set; so it must stay secret, and the outcome shows which address came in.
 */
export class ConnectService {
  private readonly perUser = new AttemptLimiter(60, 5_000);
  private readonly now: () => Date;

  constructor(private readonly options: ConnectOptions) {
    this.now = options.now ?? (() => new Date());
  }

  /** Where to send the user. Throws MailError with the field at fault. */
  async begin(userId: string, request: ConnectRequest): Promise<{ authorizationUrl: string; provider: Provider }> {
    const { states, sealer, redirectUris, callbackUrl } = this.options;
    if (request.redirectUri !== null && !isAllowedRedirect(request.redirectUri, redirectUris)) {
      throw new MailError('INVALID', 'This redirectUri is not on the allow-list of this gateway (REDIRECT_URIS).', {
        field: ['input', 'redirectUri'],
      });
    }
    const provider = await chooseProvider(request, this.options);
    const { connect } = provider;
    if (connect.kind !== 'oauth') {
      throw new MailError('UNSUPPORTED', `${provider.name} has no consent page: use one of its connectMethods.`, {
        field: ['input', 'method'],
      });
    }
    this.perUser.take(userId);
    const state = randomBytes(32).toString('base64url');
    const codeVerifier = randomBytes(32).toString('base64url');
    const hash = sha256(state);
    await states.create(
      {
        hash,
        userId,
        provider: provider.id,
        access: request.access,
        redirectUri: request.redirectUri,
        codeVerifier: sealer.seal(PURPOSE, hash, Buffer.from(codeVerifier)),
        expiresAt: new Date(this.now().getTime() + STATE_MS),
      },
      this.now(),
    );
    const authorizationUrl = await connect.authorizationUrl({
      state,
      codeChallenge: sha256(codeVerifier),
      redirectUri: callbackUrl(),
      access: request.access,
      loginHint: request.address,
    });
    return { authorizationUrl, provider };
  }

  /** Uses the state up, whatever becomes of the flow. Null when it is not one of ours, has expired or was used before. */
  async resume(state: string): Promise<BegunFlow | null> {
    const row = await this.options.states.consume(sha256(state), this.now());
    const provider = row && this.options.providers.find(({ id }) => id === row.provider);
    if (!row || !provider?.configured || provider.connect.kind !== 'oauth') return null;
    return { ...row, provider, connect: provider.connect, codeVerifier: this.openVerifier(row) };
  }

  private openVerifier(row: OAuthStateRecord): string {
    return Buffer.from(this.options.sealer.open(PURPOSE, row.hash, row.codeVerifier)).toString();
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('base64url');
