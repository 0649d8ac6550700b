import { Field, ObjectType } from 'type-graphql';
import type { Access } from '../../providers/contract/connect.ts';
import type { Provider } from '../../providers/contract/provider.ts';
import { AccessEnum } from './access.enum.ts';
import { ConnectMethodEnum } from './connect/connect-method.enum.ts';
import { ProviderIdEnum } from './provider.enum.ts';

@ObjectType('Provider', {
  simpleResolvers: true,
  description: 'A mail provider that this gateway supports.',
})
export class ProviderType {
  /** For field resolvers. It is not in the schema. */
  readonly provider: Provider;

  @Field(() => ProviderIdEnum, {
    description:
      'The value for the argument `provider` of `connect`. It is the same on every gateway, and not a global id.',
  })
  readonly id: string;

  @Field(() => String, { description: 'The name to show to users.' })
  readonly name: string;

  @Field(() => Boolean, {
    description: 'Whether the operator has configured the provider. If not, its accounts cannot be connected.',
  })
  readonly configured: boolean;

  @Field(() => [ConnectMethodEnum], {
    description: 'The methods that `connect` accepts for this provider. Empty when it is not configured.',
  })
  readonly connectMethods: readonly string[];

  @Field(() => [AccessEnum], {
    description: 'The values of `access` that `connect` accepts for this provider. READ is always one of them.',
  })
  readonly accesses: readonly Access[];

  constructor(provider: Provider) {
    this.provider = provider;
    this.id = provider.id;
    this.name = provider.name;
    this.configured = provider.configured;
    this.accesses = provider.accesses;
    this.connectMethods = provider.configured ? provider.connectMethods.map(({ method }) => method) : [];
  }
}
