import { registerEnumType } from 'type-graphql';

export const ResetReasonEnum = {
  FIRST_SYNC: 'FIRST_SYNC',
  HISTORY_LOST: 'HISTORY_LOST',
  CURSOR_TOO_OLD: 'CURSOR_TOO_OLD',
  LOG_REPLACED: 'LOG_REPLACED',
  LOG_INCOMPLETE: 'LOG_INCOMPLETE',
  CHANGES_UNREADABLE: 'CHANGES_UNREADABLE',
  MESSAGES_UNREADABLE: 'MESSAGES_UNREADABLE',
  ACCOUNT_NOT_IN_CURSOR: 'ACCOUNT_NOT_IN_CURSOR',
} as const;
export type ResetReason = keyof typeof ResetReasonEnum;

registerEnumType(ResetReasonEnum, {
  name: 'MailEventsResetReason',
  description: 'Why the events of an account have a gap. In each case, read again what you keep of the account.',
  valuesConfig: {
    FIRST_SYNC: {
      description:
        'The account was connected, and from here on its changes are known. Read what it contains: mail from before has no events. It is repeated when the provider could not report the changes of one mailbox until now.',
    },
    HISTORY_LOST: {
      description:
        'The provider no longer had the changes since the gateway last asked, while there was no complete index of the account to find them with (`sync.proof` was NONE or BUILDING); with one they are events instead, and no reset is sent. Or the account was disconnected meanwhile, which erases its index. The events that follow report the newest mail, and not every change and deletion.',
    },
    CURSOR_TOO_OLD: {
      description:
        "The events after your cursor are older than the gateway's setting CHANGE_LOG_DAYS (30 days by default), and are no longer stored.",
    },
    LOG_REPLACED: {
      description:
        "The gateway's database was restored from a backup after your cursor was made, so that the events after it are not known.",
    },
    LOG_INCOMPLETE: {
      description: 'Stored events of the account were lost, and nothing that the gateway keeps says what they were.',
    },
    CHANGES_UNREADABLE: {
      description:
        'The provider reported changes in a form that the gateway could not read, while it had no complete index of the account to find them with (`sync.proof` was NONE or BUILDING). With an index they are events instead, and no reset is sent.',
    },
    MESSAGES_UNREADABLE: {
      description:
        'More than 1,000 messages of the account could not be read for their events, so that not all of these events are sent again. The account can be read now.',
    },
    ACCOUNT_NOT_IN_CURSOR: {
      description: 'Your cursor was made for other accounts than this one.',
    },
  },
});
