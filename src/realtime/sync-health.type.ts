import { Field, Int, ObjectType } from 'type-graphql';
import { Cursor, DateTime } from '../graphql/scalars.ts';

@ObjectType({ simpleResolvers: true, description: 'How up to date the gateway is with an account.' })
export class SyncHealth {
  @Field(() => Boolean, {
    description:
      'True while the provider announces new mail and the gateway reads it at once. False when the account is polled instead, and when the gateway has failed to read announced changes for more than 5 seconds. It retries until it succeeds, and `lagSeconds` says how old its knowledge is.',
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
    description: 'When the latest known change in the account happened.',
  })
  readonly lastEventAt!: Date | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'When the gateway last knew all changes of the account. Changes that the provider announces are read at once. Where announcements name messages (Outlook), only these are read, and a change without an announcement, such as a move whose notification was lost, is found by the next complete check: within eleven times POLL_SECONDS (11 minutes by default).',
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
