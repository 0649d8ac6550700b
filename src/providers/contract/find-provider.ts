import { MailError } from '../../domain/error.ts';
import type { Provider } from './provider.ts';

/** The provider with this id. Null: this gateway has none. */
export const findProvider = (providers: readonly Provider[], id: string): Provider | null =>
  providers.find((provider) => provider.id === id) ?? null;

/** The configured provider that notifications to `/webhooks/:name` are for. The name is its id in lower case. */
export const findProviderByPath = (providers: readonly Provider[], name: string): Provider | null =>
  providers.find(({ configured, id }) => configured && id.toLowerCase() === name) ?? null;

/** Returns the provider with this id. Throws UNSUPPORTED where there is none, because an account may outlive its provider's support. */
export function requireProvider(providers: readonly Provider[], id: string): Provider {
  const provider = findProvider(providers, id);
  if (!provider) throw new MailError('UNSUPPORTED', `This gateway does not support the provider ${id}.`);
  return provider;
}

/** Like `requireProvider`, but also throws UNSUPPORTED where the provider's credentials are no longer configured. */
export function requireConfigured(providers: readonly Provider[], id: string): Provider {
  const provider = requireProvider(providers, id);
  if (!provider.configured)
    throw new MailError('UNSUPPORTED', `${provider.name} is no longer configured on this gateway.`);
  return provider;
}
