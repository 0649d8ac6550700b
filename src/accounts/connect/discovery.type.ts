import { Field, ObjectType } from 'type-graphql';
import { EmailAddress } from '../../graphql/scalars.ts';
import { ProviderType } from '../integrations/provider.type.ts';
import { ConnectMethodEnum } from './connect-method.enum.ts';

@ObjectType('Discovery', {
  simpleResolvers: true,
  description: 'What we can tell about an address before it is connected.',
})
export class DiscoveryType {
  @Field(() => EmailAddress, { description: 'The address that was asked about.' })
  readonly address: string;

  @Field(() => ProviderType, {
    nullable: true,
    description: 'Null when neither the domain nor its MX records tell: let the user choose.',
  })
  readonly provider: ProviderType | null;

  @Field(() => [ConnectMethodEnum], { description: 'How to connect it here; empty when it cannot be.' })
  readonly connectMethods: readonly string[];

  constructor(address: string, provider: ProviderType | null) {
    this.address = address;
    this.provider = provider;
    this.connectMethods = provider?.connectMethods ?? [];
  }
}
