import { Arg, Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import type { Context } from '../../../graphql/context.ts';
import { Dated } from '../../../graphql/dated.ts';
import { ListSizeHint } from '../../../graphql/list-size.ts';
import { EmailAddress } from '../../../graphql/scalars.ts';
import { clientNetwork } from '../../../platform/client-network.ts';
import type { Access } from '../../../providers/contract/connect.ts';
import type { Provider } from '../../../providers/contract/provider.ts';
import type { DiscoveryService } from '../../connect/discovery.service.ts';
import { AttemptLimiter } from '../../users/attempt.limiter.ts';
import { AccessEnum } from '../access.enum.ts';
import { ProviderType } from '../provider.type.ts';
import { DiscoveryType } from './discovery.type.ts';

@Resolver(() => ProviderType)
export class ProviderResolver {
  /** `discover` needs no sign-in, and each call may cost a DNS query. */
  private readonly perClient = new AttemptLimiter(60, 1_000);

  constructor(
    private readonly registered: readonly Provider[],
    private readonly discovery: DiscoveryService,
  ) {}

  @Dated()
  @ListSizeHint({ assumed: 10 })
  @Query(() => [ProviderType], {
    description: 'All providers that this gateway supports, configured or not. No sign-in is needed.',
  })
  providers(): ProviderType[] {
    return this.registered.map((provider) => new ProviderType(provider));
  }

  @Query(() => DiscoveryType, {
    description:
      'Finds the provider of an address, and the methods to connect it. Known domains are looked up first, then MX records. No sign-in is needed.',
  })
  async discover(
    @Arg('address', () => EmailAddress, { description: 'The address that the user entered.' }) address: string,
    @Ctx() context: Context,
  ): Promise<DiscoveryType> {
    this.perClient.take(clientNetwork(context.clientAddress));
    const provider = await this.discovery.discover(address);
    return new DiscoveryType(address, provider && new ProviderType(provider));
  }

  @Dated()
  @FieldResolver(() => [String], {
    description:
      "The OAuth scopes that the consent page will ask the user for, by the provider's names. Empty when the provider is not configured or has no consent page.",
  })
  scopes(
    @Root() { provider }: ProviderType,
    @Arg('access', () => AccessEnum, {
      defaultValue: 'READ',
      description: 'The access that `connect` would be called with.',
    })
    access: Access,
  ): string[] {
    if (!provider.configured) return [];
    return [...new Set(provider.connectMethods.flatMap((method) => method.scopes?.(access) ?? []))];
  }
}
