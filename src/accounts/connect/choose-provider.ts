import { MailError } from '../../domain/error.ts';
import type { Provider } from '../../providers/contract/provider.ts';
import type { DiscoveryService } from './discovery.service.ts';

export interface ProviderChoice {
  readonly address: string | null;
  readonly provider: string | null;
}

/** The provider that is named, or else the one that serves the address. Throws MailError with the field at fault. */
export async function chooseProvider(
  { provider: id, address }: ProviderChoice,
  { providers, discovery }: { readonly providers: readonly Provider[]; readonly discovery: DiscoveryService },
): Promise<Provider> {
  if (id === null && address === null) throw new MailError('INVALID', 'Name an address, or a provider, or both.');
  const field = ['input', id === null ? 'address' : 'provider'];
  const provider = id === null ? await discovery.discover(address ?? '') : providers.find((p) => p.id === id);
  if (!provider) {
    const what =
      id === null ? 'We cannot tell which provider serves this address: name one.' : `${id} is not served here.`;
    throw new MailError('UNSUPPORTED', what, { field });
  }
  if (!provider.configured) {
    throw new MailError('UNSUPPORTED', `${provider.name} is not configured on this gateway: ask its operator.`, {
      field,
    });
  }
  return provider;
}
