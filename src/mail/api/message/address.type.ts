import { Field, ObjectType } from 'type-graphql';

@ObjectType('Address', {
  simpleResolvers: true,
  description:
    'A name and an address as the sender wrote them: a string, because real headers hold things that no validator accepts.',
})
export class AddressType {
  @Field(() => String, {
    nullable: true,
    description: 'The display name, decoded; null when there is none. Anyone can write anything here.',
  })
  readonly name!: string | null;

  @Field(() => String, {
    description:
      'Usually user@host; a quoted local part keeps its quotes, and what is no address is as it was written.',
  })
  readonly address!: string;
}
