import { Field, ObjectType } from 'type-graphql';
import { EmailAddress } from '../../../graphql/scalars.ts';
import { ProviderType } from '../provider.type.ts';
import { ConnectMethodEnum } from './connect-method.enum.ts';

@ObjectType('Discovery', {
  simpleResolvers: true,
  description: 'The outcome of `discover`: how an address can be connected.',
})
export class DiscoveryType {
  @Field(() => EmailAddress, { description: 'The address that was given.' })
  readonly address: string;

  @Field(() => ProviderType, {
    nullable: true,
    description:
      'The provider of the address. Null when neither the domain nor its MX records identify it: then let the user choose.',
  })
  readonly provider: ProviderType | null;

  @Field(() => [ConnectMethodEnum], {
    description: 'The methods by which the address can be connected. Empty when it cannot be connected.',
  })
  readonly connectMethods: readonly string[];

  constructor(address: string, provider: ProviderType | null) {
    this.address = address;
    this.provider = provider;
    this.connectMethods = provider?.connectMethods ?? [];
  }
}
