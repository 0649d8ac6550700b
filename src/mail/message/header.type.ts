import { Field, ObjectType } from 'type-graphql';

@ObjectType('Header', {
  simpleResolvers: true,
  description: 'One header field of the message, in its place among the others.',
})
export class HeaderType {
  @Field(() => String, { description: 'As it was written; compare without case.' })
  readonly name!: string;

  @Field(() => String, { description: 'Unfolded and decoded.' })
  readonly value!: string;
}
