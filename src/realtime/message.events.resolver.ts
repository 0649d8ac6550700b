import type { GraphQLResolveInfo } from 'graphql';
import { Arg, ID, Resolver, Root, Subscription } from 'type-graphql';
import { MailboxRoleEnum } from '../accounts/integrations/mailbox-role.enum.ts';
import type { MailboxRole } from '../domain/mailbox.ts';
import type { Context } from '../graphql/context.ts';
import { singleId } from '../graphql/global-id.ts';
import { requireListSize } from '../graphql/limits.ts';
import { Cursor } from '../graphql/scalars.ts';
import { resolverOf } from '../graphql/schema.ts';
import type { MessageEvents } from './message.events.ts';
import { MessageReceived } from './message-received.type.ts';

interface Given {
  readonly args: { integrations?: string[] | null; role?: MailboxRole | null; after?: string | null };
  readonly context: Context;
  readonly info: GraphQLResolveInfo;
}

@Resolver()
export class MessageEventsResolver {
  constructor(private readonly events: MessageEvents) {}

  @Subscription(() => MessageReceived, {
    description:
      'New mail in your accounts, ready to show, as the providers announce it. In order within an account, at least once.',
    subscribe: (given) => {
      const { args, context, info } = given as unknown as Given;
      return resolverOf(info.schema, MessageEventsResolver).open(args, context);
    },
  })
  messageReceived(
    @Root() received: MessageReceived,
    @Arg('integrations', () => [ID], {
      nullable: true,
      description: 'Only these, at most 100. Without it all of yours, and those you connect meanwhile.',
    })
    _integrations: string[] | null,
    @Arg('role', () => MailboxRoleEnum, {
      nullable: true,
      defaultValue: 'INBOX',
      description: 'Only what lies in the mailbox with this role. null: wherever it lies, drafts excepted.',
    })
    _role: MailboxRole | null,
    @Arg('after', () => Cursor, {
      nullable: true,
      description:
        'The cursor of the last event you saw: what came since is sent first. Without it, from now on; of an account that is just being connected (its sync has no cursor yet), what comes once its first sync has begun.',
    })
    _after: string | null,
  ): MessageReceived {
    return received;
  }

  private open({ integrations, role, after }: Given['args'], context: Context) {
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
