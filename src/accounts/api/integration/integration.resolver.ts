import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import { requirePrincipal } from '../../../graphql/caller.ts';
import type { Context } from '../../../graphql/context.ts';
import { Dated } from '../../../graphql/dated.ts';
import { requireProvider } from '../../../providers/contract/find-provider.ts';
import type { Provider } from '../../../providers/contract/provider.ts';
import type { AccountHandles } from '../../handles/account-handles.ts';
import { ProviderType } from '../provider.type.ts';
import { CapabilitiesType } from './capabilities.type.ts';
import { IntegrationType } from './integration.type.ts';

@Resolver(() => IntegrationType)
export class IntegrationResolver {
  constructor(
    private readonly providers: readonly Provider[],
    private readonly handles: Pick<AccountHandles, 'of'>,
  ) {}

  @Dated()
  @FieldResolver(() => ProviderType, { description: 'The provider of the account, for showing its name or logo.' })
  provider(@Root() { record }: IntegrationType): ProviderType {
    return new ProviderType(requireProvider(this.providers, record.provider));
  }

  @Dated()
  @FieldResolver(() => CapabilitiesType, {
    description:
      'What this account can do. Another account of the same provider may differ. Reading this makes no request to the provider.',
  })
  capabilities(@Root() { record }: IntegrationType, @Ctx() context: Context): CapabilitiesType {
    return new CapabilitiesType(this.handles.of(record, requirePrincipal(context)).capabilities);
  }
}
