import type { GraphQLResolveInfo } from 'graphql';
import { Arg, ID, Resolver, Root, Subscription } from 'type-graphql';
import { MailboxRoleEnum } from '../accounts/api/integration/mailbox-role.enum.ts';
import { singleId } from '../domain/global-id.ts';
import type { MailboxRole } from '../domain/mailbox.ts';
import type { Context } from '../graphql/context.ts';
import { requireListSize } from '../graphql/limits.ts';
import { Cursor } from '../graphql/scalars.ts';
import { resolverOf } from '../graphql/schema.ts';
import type { MessageEvents } from './message.events.ts';
import { MessageReceived } from './message-received.type.ts';

interface SubscribeArguments {
  readonly args: { integrations?: string[] | null; role?: MailboxRole | null; after?: string | null };
  readonly context: Context;
  readonly info: GraphQLResolveInfo;
}

@Resolver()
export class MessageEventsResolver {
  constructor(private readonly events: MessageEvents) {}

  @Subscription(() => MessageReceived, {
    description:
      'New messages in your accounts, as soon as the gateway learns of them (`Capabilities.push`). The events of one account are in order. Each event is delivered at least once, so it can occur again after you subscribe again.',
    subscribe: (given) => {
      const { args, context, info } = given as unknown as SubscribeArguments;
      return resolverOf(info.schema, MessageEventsResolver).open(args, context);
    },
  })
  messageReceived(
    @Root() received: MessageReceived,
    @Arg('integrations', () => [ID], {
      nullable: true,
      description:
        'Only these accounts, at most 100. Default: all of yours, including those that you connect while subscribed.',
    })
    _integrations: string[] | null,
    @Arg('role', () => MailboxRoleEnum, {
      nullable: true,
      defaultValue: 'INBOX',
      description: 'Only messages in the mailbox with this role. Null: messages in any mailbox, except drafts.',
    })
    _role: MailboxRole | null,
    @Arg('after', () => Cursor, {
      nullable: true,
      description:
        'The cursor of the latest event that you received, or of `viewer.sync`: events since then are sent first. A cursor of one account is for that account alone: together with others it is refused with BAD_USER_INPUT. A cursor whose following events are no longer stored is refused with CONFLICT, and a subscription ends with CONFLICT where new messages of an account may be missing: stored events were lost, a change cannot be read or the provider has lost the history while the gateway has no complete index of the account (`Integration.sync.proof`), or the account was disconnected and connected again: take the cursor of `viewer.sync`, read your lists, and subscribe after it. Default: events from now on.',
    })
    _after: string | null,
  ): MessageReceived {
    return received;
  }

  private open({ integrations, role, after }: SubscribeArguments['args'], context: Context) {
    if (integrations) requireListSize('integrations', integrations);
    return this.events.open(
      {
        integrationIds: integrations?.map((id) => singleId(id, 'Integration')) ?? null,
        role: role === undefined ? 'INBOX' : role,
        after: after ?? null,
      },
      context,
    );
  }
}
