import { Field, ObjectType } from 'type-graphql';
import { DateTime, URLScalar } from '../../../graphql/scalars.ts';

@ObjectType('Download', {
  simpleResolvers: true,
  description:
    "A signed, short-lived link that works without an Authorization header. The file is served with Content-Disposition: attachment, so that a browser never renders it in the gateway's origin.",
})
export class DownloadType {
  @Field(() => URLScalar, { description: 'The link. Anyone who has it can read this one file until it expires.' })
  readonly url!: string;

  @Field(() => DateTime, {
    description: 'After this time the link answers 404. Read the field again to get a new link.',
  })
  readonly expiresAt!: Date;
}
