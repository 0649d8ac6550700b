import { Field, Int, ObjectType } from 'type-graphql';
import { Cursor, DateTime } from '../graphql/scalars.ts';

@ObjectType({ simpleResolvers: true, description: 'How up to date the gateway is with an account.' })
export class SyncHealth {
  @Field(() => Boolean, {
    description:
      'True while the provider announces new mail and the gateway reads it at once. False while the account is polled instead. Also false when announced changes could not be read for more than 5 seconds: the gateway retries until it succeeds, and `lagSeconds` says how old its knowledge is.',
  })
  readonly live!: boolean;

  @Field(() => Cursor, {
    nullable: true,
    description:
      'The position of the latest event of this account. Pass it as `after` to `messageReceived`. Null before the first sync.',
  })
  readonly cursor!: string | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When the latest known change in the account happened. Null before the first change.',
  })
  readonly lastEventAt!: Date | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'When the gateway last knew all changes of the account. Null before the first sync. A change that the provider announces is read at once. A notification of Outlook names messages, and the gateway then reads only these. A change without a notification, such as a move whose notification was lost, is found by the next complete check. The time until that check is at most eleven times POLL_SECONDS (11 minutes by default).',
  })
  readonly lastReconciledAt!: Date | null;

  @Field(() => Int, { nullable: true, description: 'Seconds since `lastReconciledAt`. Null before the first sync.' })
  readonly lagSeconds!: number | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      "When the provider's current subscription to changes expires. It is renewed long before. Null when there is none.",
  })
  readonly watchExpiresAt!: Date | null;
}
