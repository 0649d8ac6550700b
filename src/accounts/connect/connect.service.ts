import { MailError } from '../../domain/error.ts';
import { findProvider } from '../../providers/contract/find-provider.ts';
import type { Provider } from '../../providers/contract/provider.ts';
import type { ConnectMethodEntry, ConnectOutcome, ConnectRequest, ConnectTools } from './connect-method.ts';
import type { DiscoveryService } from './discovery.service.ts';

interface ConnectOptions {
  readonly providers: readonly Provider[];
  readonly discovery: DiscoveryService;
  readonly methods: readonly ConnectMethodEntry[];
  readonly tools: ConnectTools;
}

/** Which account is to be connected, and how. An address, a provider, or both. */
export interface ConnectChoice extends ConnectRequest {
  readonly provider: string | null;
  /** A ConnectMethodEntry.method. */
  readonly method: string;
}

type Connecting = ConnectOutcome & { readonly provider: Provider };

/** Finds the provider, and connects the account in the way that was chosen. */
export class ConnectService {
  private readonly methods;

  constructor(private readonly options: ConnectOptions) {
    this.methods = options.methods.map((entry) => ({ ...entry, handler: entry.open(options.tools) }));
    for (const { id, connectMethods } of options.providers) {
      const unknown = connectMethods.find(({ method }) => !this.methods.some((known) => known.method === method));
      if (unknown) throw new Error(`${id} connects by ${unknown.method}, which connect-methods.ts does not list`);
    }
  }

  /** Throws MailError with the field at fault. */
  async connect(request: ConnectChoice): Promise<Connecting> {
    const way = this.methods.find(({ method }) => method === request.method);
    if (!way) throw unsupported(`${request.method} is no way to connect here`);
    if ((way.takesPassword ?? false) !== (request.password !== null)) {
      const what = 'A password is required with the method PASSWORD, and not allowed with another.';
      throw new MailError('INVALID', what, { field: ['input', 'password'] });
    }
    way.handler.check?.(request);
    const provider = await this.choose(request);
    const offered = provider.connectMethods.find(({ method }) => method === way.method);
    if (!offered) throw unsupported(`${provider.name} ${way.absence}`);
    return { ...(await way.handler.connect(provider, offered, request)), provider };
  }

  /** The provider that is named, or else the one that serves the address. */
  private async choose({ provider: id, address }: ConnectChoice): Promise<Provider> {
    const { providers, discovery } = this.options;
    if (id === null && address === null) throw new MailError('INVALID', 'Give an address, a provider, or both.');
    const field = ['input', id === null ? 'address' : 'provider'];
    const provider = id === null ? await discovery.discover(address ?? '') : findProvider(providers, id);
    if (!provider) {
      const what =
        id === null
          ? 'The provider of this address could not be determined. Give the provider.'
          : `This gateway does not support the provider ${id}.`;
      throw new MailError('UNSUPPORTED', what, { field });
    }
    if (!provider.configured) {
      const what = `${provider.name} is not configured on this gateway: ask its operator.`;
      throw new MailError('UNSUPPORTED', what, { field });
    }
    return provider;
  }
}

const unsupported = (what: string): MailError =>
  new MailError('UNSUPPORTED', `${what}: use one of its connectMethods.`, { field: ['input', 'method'] });
