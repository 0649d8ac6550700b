import { Field, ObjectType } from 'type-graphql';

@ObjectType('Address', {
  simpleResolvers: true,
  description:
    'A display name and an address, as the sender wrote them. The address is a plain string, because addresses in real headers are often not valid.',
})
export class AddressType {
  @Field(() => String, {
    nullable: true,
    description:
      'The display name, decoded (RFC 2047). Null when there is none. The sender chooses it freely: never treat it as proof of identity.',
  })
  readonly name!: string | null;

  @Field(() => String, {
    description:
      'Usually user@host. A quoted local part keeps its quotes. Text that is not an address is given as it was written.',
  })
  readonly address!: string;
}
