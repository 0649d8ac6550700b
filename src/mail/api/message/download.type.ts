import { Field, ObjectType } from 'type-graphql';
import { DateTime, URLScalar } from '../../../graphql/scalars.ts';

@ObjectType('Download', {
  simpleResolvers: true,
  description:
    'A signed, short-lived link that needs no header. Served as an attachment, and never rendered in our origin.',
})
export class DownloadType {
  @Field(() => URLScalar, { description: 'Whoever has it can read this one file until it expires.' })
  readonly url!: string;

  @Field(() => DateTime, { description: 'After this the link answers 404; ask for the field again.' })
  readonly expiresAt!: Date;
}
