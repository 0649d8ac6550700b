import { Field, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Cursor, DateTime } from '../graphql/scalars.ts';

const SyncProofEnum = {
  NONE: 'NONE',
  BUILDING: 'BUILDING',
  RECOVERING: 'RECOVERING',
  WHOLE_ACCOUNT: 'WHOLE_ACCOUNT',
} as const;
export type SyncProof = keyof typeof SyncProofEnum;

registerEnumType(SyncProofEnum, {
  name: 'SyncProof',
  description: 'How it is known that the events of an account are complete.',
  valuesConfig: {
    NONE: {
      description:
        'It is not: the gateway knows of a change only what the provider reports. It keeps no index of the account (SYNC_INDEX=off), the account was not synchronised yet, or its provider does not list all messages.',
    },
    BUILDING: {
      description:
        'Not yet: the gateway is reading the ids and states of all messages for the first time. For 50,000 messages this takes from minutes to an hour, because most of the quota is left to people. A change that the provider leaves out of its reports meanwhile is in no event; for one that cannot be read there is a MailEventsReset.',
    },
    RECOVERING: {
      description:
        'Not now: the provider has lost the history of the account. The gateway is comparing all messages with its index, and sends an event for each that was created, changed or deleted meanwhile. `live` is false until then.',
    },
    WHOLE_ACCOUNT: {
      description:
        'All messages and mailboxes were compared with what the events have reported, at `provedAt`. What no event had reported then was reported by new events. A message that cannot be read was compared as the provider lists it.',
    },
  },
});

@ObjectType({ simpleResolvers: true, description: 'How up to date the gateway is with an account.' })
export class SyncHealth {
  @Field(() => Boolean, {
    description:
      'True while it is known that the provider announces every change and that the gateway reads it at once. A silent account is asked or read before two minutes have passed, so that what a lost announcement would have said is found within that time. False while the account is polled, while its announcements are known to have missed a change, when announced changes could not be read for more than 5 seconds, and when the provider has confirmed nothing for two minutes, for example because it does not answer, or while the instance that you ask cannot find out what other instances have logged. The gateway retries until it succeeds, and `lagSeconds` says how old its knowledge is.',
  })
  readonly live!: boolean;

  @Field(() => Cursor, {
    nullable: true,
    description:
      'The position of the latest event of this account. Pass it as `after` to `mailEvents`, `messageReceived` or `changes` of this account alone; `viewer.sync.cursor` is for all accounts. Null before the first sync.',
  })
  readonly cursor!: string | null | Promise<string | null>;

  @Field(() => DateTime, {
    nullable: true,
    description: 'When the latest known change in the account happened. Null before the first change.',
  })
  readonly lastEventAt!: Date | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'When the gateway last knew all changes of the account; while `proof` is RECOVERING, the time before the history was lost. Null before the first sync. A change that the provider announces is read at once. A notification of Outlook names messages, and the gateway then reads only these. A change without a notification, such as a move whose notification was lost, is found by the next complete check: within two minutes in an account whose changes are announced, and otherwise about every POLL_SECONDS (a minute by default), in less than twice that time.',
  })
  readonly lastReconciledAt!: Date | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'Seconds since the provider last confirmed that nothing is missing: by a sync, or, where that is certain, by the answer that nothing has changed. At most two minutes while the account is live; it grows while the provider does not answer, and while `proof` is RECOVERING. Null before the first sync.',
  })
  readonly lagSeconds!: number | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      "When the provider's current subscription to changes expires. It is renewed long before. Null when there is none.",
  })
  readonly watchExpiresAt!: Date | null;

  @Field(() => SyncProofEnum, {
    description:
      'How it is known that the events of the account are complete. A comparison runs every few hours (RECONCILE_HOURS), and when you call `reconcile`.',
  })
  readonly proof!: SyncProof;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'When the last complete comparison of the account with its index ended. Null before the first one. `checked`, `missing` and `repaired` are its results.',
  })
  readonly provedAt!: Date | null;

  @Field(() => Int, { description: 'The number of messages that the last complete comparison found at the provider.' })
  readonly checked!: number;

  @Field(() => Int, {
    description:
      'The number of changes that the last complete comparison found and that no event had reported: messages and mailboxes that were created, changed or deleted, and events that the gateway had lost. What happened while the provider had lost the history is not counted.',
  })
  readonly missing!: number;

  @Field(() => Int, { description: 'How many of the `missing` changes were then reported by new events.' })
  readonly repaired!: number;
}
