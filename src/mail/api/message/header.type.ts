import { Field, ObjectType } from 'type-graphql';
import { TYPICAL_BYTES, Weighs } from '../../../graphql/value-size.ts';

@ObjectType('Header', {
  simpleResolvers: true,
  description: 'One header field of the message, in its place among the others.',
})
export class HeaderType {
  @Field(() => String, { description: 'As it was written; compare without case.' })
  readonly name!: string;

  @Weighs(TYPICAL_BYTES)
  @Field(() => String, { description: 'Unfolded and decoded.' })
  readonly value!: string;
}
