import { Field, ObjectType } from 'type-graphql';
import { TYPICAL_BYTES, Weighs } from '../../../graphql/value-size.ts';

@ObjectType('Header', {
  simpleResolvers: true,
  description: 'One header field of a message.',
})
export class HeaderType {
  @Field(() => String, { description: 'The field name, as it was written. Compare it case-insensitively.' })
  readonly name!: string;

  @Weighs(TYPICAL_BYTES)
  @Field(() => String, { description: 'The field value, unfolded (RFC 5322) and decoded (RFC 2047).' })
  readonly value!: string;
}
