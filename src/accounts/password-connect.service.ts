import { isMailError, MailError } from '../domain/error.ts';
import type { Access } from '../providers/connect.ts';
import type { Provider } from '../providers/provider.ts';
import { AttemptLimiter } from './attempt.limiter.ts';
import { chooseProvider, type ProviderChoice } from './choose-provider.ts';
import type { DiscoveryService } from './discovery.service.ts';
import type { Enrolment } from './enrolment.ts';
import type { IntegrationRecord } from './integration.ts';

const SIGN_IN_TIMEOUT_MS = 30_000;

export interface PasswordConnectOptions {
  readonly providers: readonly Provider[];
  readonly discovery: DiscoveryService;
  readonly enrolment: Enrolment;
}

export interface PasswordConnectRequest extends ProviderChoice {
  readonly access: Access;
  readonly password: string;
}

/** Connects an account with the password that its provider knows: done when it answers, without a browser. */
export class PasswordConnectService {
  /** Nobody tries passwords through us: ten at once, and one more a minute. */
  private readonly perUser = new AttemptLimiter(10, 60_000);

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
    this.perUser.take(userId);
    const exchanged = await connect
      .signIn({ address, password, access }, AbortSignal.timeout(SIGN_IN_TIMEOUT_MS))
      .catch((error: unknown) => {
        if (!isMailError(error) || error.code !== 'INVALID') throw error;
        throw new MailError('INVALID', error.message, { field: ['input', 'password'], cause: error });
      });
    this.perUser.giveBack(userId);
    return this.options.enrolment.keep({ userId, provider: provider.id, access }, exchanged);
  }
}
