import { Field, ObjectType } from 'type-graphql';
import type { Provider } from '../../providers/contract/provider.ts';
import { ConnectMethodEnum } from '../connect/connect-method.enum.ts';
import { ProviderIdEnum } from './provider.enum.ts';

@ObjectType('Provider', {
  simpleResolvers: true,
  description: 'A mail provider that this gateway speaks to.',
})
export class ProviderType {
  /** For field resolvers; not in the schema. */
  readonly provider: Provider;

  @Field(() => ProviderIdEnum, { description: 'What `connect` takes. The same on every gateway, so not a global id.' })
  readonly id: string;

  @Field(() => String, { description: 'The name people know it by.' })
  readonly name: string;

  @Field(() => Boolean, {
    description:
      'False when the operator has not set it up, with an OAuth client or its server: it cannot be connected.',
  })
  readonly configured: boolean;

  @Field(() => [ConnectMethodEnum], {
    description: 'What `connect` takes as method for it; empty when it is not configured.',
  })
  readonly connectMethods: readonly string[];

  constructor(provider: Provider) {
    this.provider = provider;
    this.id = provider.id;
    this.name = provider.name;
    this.configured = provider.configured;
    this.connectMethods = provider.configured ? provider.connectMethods.map(({ method }) => method) : [];
  }
}
