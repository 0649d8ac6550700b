import { normaliseEmail } from '../../domain/address.ts';
import { isMailError, MailError } from '../../domain/error.ts';
import type { Access } from '../../providers/contract/connect.ts';
import type { Provider } from '../../providers/contract/provider.ts';
import type { IntegrationRecord } from '../integrations/integration.ts';
import { tooManyAttempts } from '../users/attempt.limiter.ts';
import type { AttemptRule, AttemptStore, CountedAttempt } from '../users/attempt.store.ts';
import { chooseProvider, type ProviderChoice } from './choose-provider.ts';
import type { DiscoveryService } from './discovery.service.ts';
import type { IntegrationWriter } from './integration-writer.ts';

const SIGN_IN_TIMEOUT_MS = 30_000;

/** Nobody tries passwords through us, on whichever instance. */
const PER_USER: AttemptRule = { name: 'password connect user', burst: 10, everyMs: 60_000 };
/** Nor do many users for one mailbox; far higher, or strangers would keep its owner from connecting it. */
const PER_MAILBOX: AttemptRule = { name: 'password connect mailbox', burst: 100, everyMs: 60_000 };

export interface PasswordConnectOptions {
  readonly providers: readonly Provider[];
  readonly discovery: DiscoveryService;
  readonly integrationWriter: IntegrationWriter;
  readonly attempts: Pick<AttemptStore, 'takeAll' | 'giveBackAll'>;
}

export interface PasswordConnectRequest extends ProviderChoice {
  readonly access: Access;
  readonly password: string;
}

/** Connects an account with the password that its provider knows: done when it answers, without a browser. */
export class PasswordConnectService {
  constructor(private readonly options: PasswordConnectOptions) {}

  /** Throws MailError with the field at fault. */
  async connect(userId: string, request: PasswordConnectRequest): Promise<IntegrationRecord> {
    const { address, access, password } = request;
    if (address === null) {
      throw new MailError('INVALID', 'A password is of an address: give both.', { field: ['input', 'address'] });
    }
    const provider = await chooseProvider(request, this.options);
    const { connect } = provider;
    if (connect.kind !== 'password') {
      throw new MailError('UNSUPPORTED', `${provider.name} takes no password from us: use one of its connectMethods.`, {
        field: ['input', 'method'],
      });
    }
    const counted: CountedAttempt[] = [
      [PER_USER, userId],
      [PER_MAILBOX, JSON.stringify([provider.id, normaliseEmail(address)])],
    ];
    const waitMs = await this.options.attempts.takeAll(counted);
    if (waitMs > 0) throw tooManyAttempts(waitMs);
    const exchanged = await connect
      .signIn({ address, password, access }, AbortSignal.timeout(SIGN_IN_TIMEOUT_MS))
      .catch((error: unknown) => {
        if (!isMailError(error) || error.code !== 'INVALID') throw error;
        throw new MailError('INVALID', error.message, { field: ['input', 'password'], cause: error });
      });
    await this.options.attempts.giveBackAll(counted);
    return this.options.integrationWriter.saveIntegration({ userId, provider: provider.id, access }, exchanged);
  }
}
