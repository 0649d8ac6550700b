import { ObjectType } from 'type-graphql';
import { encodeId } from '../../../domain/global-id.ts';
import { Node } from '../../../graphql/node.ts';

@ObjectType('Viewer', {
  simpleResolvers: true,
  implements: Node,
  description: 'The signed-in user, identified by the access token, and everything that belongs to them.',
})
export class ViewerType extends Node {
  /** For field resolvers, also those of rooms above. It is not in the schema. */
  readonly userId: string;

  constructor(userId: string) {
    super(encodeId('Viewer', userId));
    this.userId = userId;
  }
}
