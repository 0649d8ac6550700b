import { normaliseEmail } from '../../domain/address.ts';
import { isMailError, MailError } from '../../domain/error.ts';
import type { Password } from '../../providers/contract/password.ts';
import type { Provider } from '../../providers/contract/provider.ts';
import { tooManyAttempts } from '../users/attempt.limiter.ts';
import type { AttemptRule, CountedAttempt } from '../users/attempt.store.ts';
import type {
  ConnectHandler,
  ConnectMethodEntry,
  ConnectOutcome,
  ConnectRequest,
  ConnectTools,
} from './connect-method.ts';

export const password: ConnectMethodEntry = {
  method: 'PASSWORD',
  description: 'The user enters a password of the account, preferably an app password. No browser is needed.',
  absence: 'cannot be connected with a password',
  takesPassword: true,
  open: (tools) => new PasswordConnect(tools),
};

const SIGN_IN_TIMEOUT_MS = 30_000;

/** Limits one user, over all instances, so that the gateway cannot be used to guess passwords. */
const PER_USER: AttemptRule = { name: 'password connect user', burst: 10, everyMs: 60_000 };
/**
 * Limits all users of one mailbox together. The limit is much higher, because otherwise strangers could keep its owner from
 * connecting it.
 */
const PER_MAILBOX: AttemptRule = { name: 'password connect mailbox', burst: 100, everyMs: 60_000 };

/** Connects an account at once with its password, without a browser. */
class PasswordConnect implements ConnectHandler<Password> {
  constructor(private readonly tools: Pick<ConnectTools, 'integrationWriter' | 'attempts'>) {}

  check(request: ConnectRequest): void {
    requireAddress(request);
  }

  async connect(provider: Provider, offered: Password, request: ConnectRequest): Promise<ConnectOutcome> {
    const { integrationWriter, attempts } = this.tools;
    const { userId, access } = request;
    const address = requireAddress(request);
    const counted: CountedAttempt[] = [
      [PER_USER, userId],
      [PER_MAILBOX, JSON.stringify([provider.id, normaliseEmail(address)])],
    ];
    const waitMs = await attempts.takeAll(counted);
    if (waitMs > 0) throw tooManyAttempts(waitMs);
    const exchanged = await offered
      .signIn({ address, password: request.password ?? '', access }, AbortSignal.timeout(SIGN_IN_TIMEOUT_MS))
      .catch((error: unknown) => {
        if (!isMailError(error) || error.code !== 'INVALID') throw error;
        throw new MailError('INVALID', error.message, { field: ['input', 'password'], cause: error });
      });
    await attempts.giveBackAll(counted);
    const account = { userId, provider: provider.id, method: offered.method, access };
    return { integration: await integrationWriter.saveIntegration(account, exchanged) };
  }
}

function requireAddress({ address }: ConnectRequest): string {
  if (address !== null) return address;
  throw new MailError('INVALID', 'A password needs the address that it belongs to. Give both.', {
    field: ['input', 'address'],
  });
}
