import { connectAtOnce } from '../../src/accounts/connect/connect-at-once.ts';
import type {
  ConnectHandler,
  ConnectMethodEntry,
  ConnectRequest,
  ConnectTools,
} from '../../src/accounts/connect/connect-method.ts';
import { MailError } from '../../src/domain/error.ts';
import type { ConnectMethod, Exchanged } from '../../src/providers/contract/connect.ts';
import type { Provider } from '../../src/providers/contract/provider.ts';

/** A further way to connect, as its author writes it: what a provider owes, and the gateway's part. */
export interface ClientCredentials extends ConnectMethod {
  readonly method: 'CLIENT_CREDENTIALS';
  acquire(address: string, signal: AbortSignal): Promise<Exchanged<unknown>>;
}

export const clientCredentials: ConnectMethodEntry = {
  method: 'CLIENT_CREDENTIALS',
  description: 'The organisation lets the gateway into the mailboxes that it names.',
  absence: 'lets no gateway in by itself',
  takes: [],
  open: (tools) => new ClientCredentialsConnect(tools),
};

class ClientCredentialsConnect implements ConnectHandler<ClientCredentials> {
  constructor(private readonly tools: Pick<ConnectTools, 'integrationWriter' | 'attempts'>) {}

  async connect(provider: Provider, offered: ClientCredentials, { userId, access, address }: ConnectRequest) {
    if (address == null) throw new MailError('INVALID', 'Name the address.', { field: ['input', 'address'] });
    const account = { userId, provider: provider.id, method: offered.method, access };
    return connectAtOnce(this.tools, account, address, (signal) => offered.acquire(address, signal));
  }
}
