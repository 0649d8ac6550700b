import { Field, ObjectType } from 'type-graphql';

@ObjectType('Identity', { simpleResolvers: true, description: 'An address that an account may send from.' })
export class IdentityType {
  @Field(() => String, { description: 'What From says.' })
  readonly address!: string;

  @Field(() => String, { nullable: true, description: 'The name beside it; null when none is set.' })
  readonly name!: string | null;

  @Field(() => Boolean, { description: 'Used when a message names no from.' })
  readonly isDefault!: boolean;
}
