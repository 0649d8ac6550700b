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

  @FieldResolver(() => ProviderType, { description: 'Who holds the mail, for showing a name or a logo.' })
  provider(@Root() { record }: IntegrationType): ProviderType {
    const provider = this.providers.find(({ id }) => id === record.provider);
    if (!provider) throw new MailError('UNSUPPORTED', `This gateway no longer speaks to ${record.provider}.`);
    return new ProviderType(provider);
  }

  @FieldResolver(() => CapabilitiesType, {
    description:
      'What this account can do, which another one of its provider need not; costs no request to the provider.',
  })
  capabilities(@Root() { record }: IntegrationType): CapabilitiesType {
    return new CapabilitiesType(this.sessions.capabilities(record));
  }
}
