import { Field, ObjectType } from 'type-graphql';

@ObjectType('Identity', { simpleResolvers: true, description: 'An address that an account can send from.' })
export class IdentityType {
  @Field(() => String, { description: 'The address for the From header.' })
  readonly address!: string;

  @Field(() => String, { nullable: true, description: 'The display name for the From header. Null when none is set.' })
  readonly name!: string | null;

  @Field(() => Boolean, { description: 'Whether this identity is used when a message does not give `from`.' })
  readonly isDefault!: boolean;
}
