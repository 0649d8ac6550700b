import { FieldResolver, Resolver, Root } from 'type-graphql';
import { MailError } from '../../domain/error.ts';
import type { Provider } from '../../providers/contract/provider.ts';
import { CapabilitiesType } from './capabilities.type.ts';
import { IntegrationType } from './integration.type.ts';
import type { MailSessions } from './mail-sessions.ts';
import { ProviderType } from './provider.type.ts';

@Resolver(() => IntegrationType)
export class IntegrationResolver {
  constructor(
    private readonly providers: readonly Provider[],
    private readonly sessions: MailSessions,
  ) {}

  @FieldResolver(() => ProviderType, { description: 'The provider of the account, for showing its name or logo.' })
  provider(@Root() { record }: IntegrationType): ProviderType {
    const provider = this.providers.find(({ id }) => id === record.provider);
    if (!provider)
      throw new MailError('UNSUPPORTED', `This gateway no longer supports the provider ${record.provider}.`);
    return new ProviderType(provider);
  }

  @FieldResolver(() => CapabilitiesType, {
    description:
      'What this account can do; another account of the same provider may differ. Reading this makes no request to the provider.',
  })
  capabilities(@Root() { record }: IntegrationType): CapabilitiesType {
    return new CapabilitiesType(this.sessions.capabilities(record));
  }
}
