import { Field, Int, ObjectType } from 'type-graphql';
import { Cursor, DateTime } from '../graphql/scalars.ts';

@ObjectType({ simpleResolvers: true, description: 'How well this gateway keeps up with an account.' })
export class SyncHealth {
  @Field(() => Boolean, {
    description:
      'True while the provider announces new mail by itself and what it announces is read at once. False where the account is asked every now and then instead, and while it is behind: announced changes could not be read for more than 5 seconds. They are tried again until they are, and lagSeconds tells how old what is known is.',
  })
  readonly live!: boolean;

  @Field(() => Cursor, {
    nullable: true,
    description: 'The end of what is known now: pass it as after to a subscription. Null before the first sync.',
  })
  readonly cursor!: string | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When something last happened in the account, as far as is known.',
  })
  readonly lastEventAt!: Date | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'When what is known was last level with all of the account. What its provider announces is known at once; where announcements name messages (Outlook), only those are asked after, and what none of them told, such as a move whose announcement was lost, is known after the next look at everything: within eleven times POLL_SECONDS (11 minutes).',
  })
  readonly lastReconciledAt!: Date | null;

  @Field(() => Int, { nullable: true, description: 'Seconds since lastReconciledAt. Null before the first sync.' })
  readonly lagSeconds!: number | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'Until when the provider has promised to announce; renewed long before. Null where it does not.',
  })
  readonly watchExpiresAt!: Date | null;
}
