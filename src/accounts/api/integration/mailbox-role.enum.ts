import { registerEnumType } from 'type-graphql';
import { MAILBOX_ROLES, type MailboxRole } from '../../../domain/mailbox.ts';

export const MailboxRoleEnum = Object.fromEntries(MAILBOX_ROLES.map((role) => [role, role])) as {
  [R in MailboxRole]: R;
};

registerEnumType(MailboxRoleEnum, {
  name: 'MailboxRole',
  description:
    'What a mailbox is for (RFC 6154, JMAP), independent of its name and language. As a filter, a role means the same in every account. `Capabilities.roles` lists the roles that a mailbox of an account can have.',
  valuesConfig: {
    INBOX: { description: 'The mailbox in which new mail arrives.' },
    ARCHIVE: {
      description:
        'Archived messages. In an account without an archive mailbox, whose inbox is a label (Gmail), these are the messages that are in none of INBOX, SENT, DRAFTS, TRASH and JUNK.',
    },
    DRAFTS: { description: 'Messages that have not been sent yet.' },
    SENT: { description: 'Copies of sent messages.' },
    TRASH: {
      description:
        'Deleted messages, which the provider removes permanently after some time. As a filter, TRASH and JUNK also match messages in folders inside the trash or junk.',
    },
    JUNK: { description: 'Spam: messages that the provider or the user has marked as unwanted.' },
    ALL: { description: 'All messages that are not in the trash or junk.' },
    IMPORTANT: {
      description: "Messages with `isImportant`: Gmail's Important label, Outlook's high importance.",
    },
    STARRED: { description: 'Messages with `isStarred`: starred or flagged.' },
  },
});
