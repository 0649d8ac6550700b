import { ObjectType } from 'type-graphql';
import { connectionType, edgeType, PageInfo } from '../graphql/connection.ts';
import { MailEvent } from './mail-event.type.ts';

const MailEventEdge = edgeType('MailEvent', () => MailEvent);

@ObjectType('MailEventConnection', {
  simpleResolvers: true,
  description:
    'A page of events, the oldest first. An empty page has an `endCursor` too: keep it, and pass it as `after` the next time.',
})
export class MailEventConnection extends connectionType('MailEvent', () => MailEvent, MailEventEdge) {
  static of(
    events: readonly MailEvent[],
    page: { readonly hasNextPage: boolean; readonly hasPreviousPage: boolean; readonly end: () => string },
  ): MailEventConnection {
    const edges = events.map((event) => new MailEventEdge(event, () => event.cursor));
    return new MailEventConnection(edges, new PageInfo({ ...page, start: edges[0]?.lazyCursor ?? null }));
  }
}
