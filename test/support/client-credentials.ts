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
  acquire(address: string): Promise<Exchanged<unknown>>;
}

export const clientCredentials: ConnectMethodEntry = {
  method: 'CLIENT_CREDENTIALS',
  description: 'The organisation lets the gateway into the mailboxes that it names.',
  absence: 'lets no gateway in by itself',
  open: (tools) => new ClientCredentialsConnect(tools),
};

class ClientCredentialsConnect implements ConnectHandler<ClientCredentials> {
  constructor(private readonly tools: Pick<ConnectTools, 'integrationWriter'>) {}

  async connect(provider: Provider, offered: ClientCredentials, { userId, access, address }: ConnectRequest) {
    if (address === null) throw new MailError('INVALID', 'Name the address.', { field: ['input', 'address'] });
    const account = { userId, provider: provider.id, method: offered.method, access };
    return { integration: await this.tools.integrationWriter.saveIntegration(account, await offered.acquire(address)) };
  }
}
