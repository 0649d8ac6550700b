import { isMailError, MailError } from '../../domain/error.ts';
import type { Password } from '../../providers/contract/password.ts';
import type { Provider } from '../../providers/contract/provider.ts';
import { connectAtOnce } from './connect-at-once.ts';
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
  takes: ['password'],
  open: (tools) => new PasswordConnect(tools),
};

/** Connects an account at once with its password, without a browser. */
class PasswordConnect implements ConnectHandler<Password> {
  constructor(private readonly tools: Pick<ConnectTools, 'integrationWriter' | 'attempts'>) {}

  check(request: ConnectRequest): void {
    credentialsOf(request);
  }

  async connect(provider: Provider, offered: Password, request: ConnectRequest): Promise<ConnectOutcome> {
    const { userId, access } = request;
    const { address, password } = credentialsOf(request);
    const account = { userId, provider: provider.id, method: offered.method, access };
    return connectAtOnce(this.tools, account, address, (signal) =>
      offered.signIn({ address, password, access }, signal).catch((error: unknown) => {
        if (!isMailError(error) || error.code !== 'INVALID') throw error;
        throw new MailError('INVALID', error.message, { field: ['input', 'password'], cause: error });
      }),
    );
  }
}

function credentialsOf({ address, password }: ConnectRequest): { address: string; password: string } {
  if (password == null) {
    throw new MailError('INVALID', 'The method PASSWORD requires a password.', { field: ['input', 'password'] });
  }
  if (address == null) {
    const message = 'A password needs the address that it belongs to. Give both.';
    throw new MailError('INVALID', message, { field: ['input', 'address'] });
  }
  return { address, password };
}
