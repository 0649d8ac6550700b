import type { GraphQLResolveInfo } from 'graphql';
import { Arg, ID, Resolver, Root, Subscription } from 'type-graphql';
import { singleId } from '../domain/global-id.ts';
import type { Context } from '../graphql/context.ts';
import { requireListSize } from '../graphql/limits.ts';
import { Cursor } from '../graphql/scalars.ts';
import { resolverOf } from '../graphql/schema.ts';
import { selects } from '../graphql/selection.ts';
import type { MailEvents } from './mail.events.ts';
import { MailEvent } from './mail-event.type.ts';

interface SubscribeArguments {
  readonly args: { integrations?: string[] | null; after?: string | null };
  readonly context: Context;
  readonly info: GraphQLResolveInfo;
}

const MESSAGES: ReadonlySet<string> = new Set(['message']);
const MAILBOXES: ReadonlySet<string> = new Set(['mailbox']);

@Resolver()
export class MailEventsResolver {
  constructor(private readonly events: MailEvents) {}

  @Subscription(() => MailEvent, {
    description:
      'Every change in your accounts: messages in any mailbox, drafts too, mailboxes, and the accounts themselves. From these events alone a client can keep a copy of flags, folders and deletions. The events of one account are in order, each is delivered at least once, and none is left out silently: where events are missing there is a MailEventsReset. An event does not wait for its message: one that cannot be read is null, and the event is sent again when it can. What you change through the gateway is an event too. Where the provider does not notify the gateway, it arrives a few seconds after the change, and what changed elsewhere with the next poll.',
    subscribe: (given) => {
      const { args, context, info } = given as unknown as SubscribeArguments;
      return resolverOf(info.schema, MailEventsResolver).open(args, context, info);
    },
  })
  mailEvents(
    @Root() event: MailEvent,
    @Arg('integrations', () => [ID], {
      nullable: true,
      description:
        'Only these accounts, at most 100, with any status. Default: all of yours, including those that you connect while subscribed, and disconnected ones.',
    })
    _integrations: string[] | null,
    @Arg('after', () => Cursor, {
      nullable: true,
      description:
        'The cursor of the latest event that you received, or of `viewer.sync`: the events since then are sent first. An account that was connected since then begins with its first event. An account for which the cursor was not made begins with a MailEventsReset. Default: events from now on. A cursor of another user is refused with BAD_USER_INPUT.',
    })
    _after: string | null,
  ): MailEvent {
    return event;
  }

  private open({ integrations, after }: SubscribeArguments['args'], context: Context, info: GraphQLResolveInfo) {
    if (integrations) requireListSize('integrations', integrations);
    const integrationIds = integrations?.map((id) => singleId(id, 'Integration')) ?? null;
    const selection = { messages: selects(info, MESSAGES, 1), mailboxes: selects(info, MAILBOXES, 1) };
    return this.events.open({ integrationIds, after: after ?? null }, selection, context);
  }
}
