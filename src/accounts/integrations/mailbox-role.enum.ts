import { registerEnumType } from 'type-graphql';
import { MAILBOX_ROLES, type MailboxRole } from '../../domain/mailbox.ts';

export const MailboxRoleEnum = Object.fromEntries(MAILBOX_ROLES.map((role) => [role, role])) as {
  [R in MailboxRole]: R;
};

registerEnumType(MailboxRoleEnum, {
  name: 'MailboxRole',
  description:
    'What a mailbox is for (RFC 6154, JMAP), whatever its name and in whatever language. As a filter a role means the same in every account; Capabilities.roles tells which of them a mailbox has.',
  valuesConfig: {
    INBOX: { description: 'Where new mail arrives.' },
    ARCHIVE: {
      description:
        'Put away, and kept. In an account whose capabilities have no such mailbox and whose inbox is a label: what is in none of INBOX, SENT, DRAFTS, TRASH and JUNK.',
    },
    DRAFTS: { description: 'Not sent yet.' },
    SENT: { description: 'Copies of what was sent.' },
    TRASH: {
      description:
        'Thrown away; the provider empties it after a while. As a condition it holds in folders inside of it as well, and so does JUNK.',
    },
    JUNK: { description: 'Unwanted, by the provider or by the user.' },
    ALL: { description: 'Everything outside of trash and junk.' },
    IMPORTANT: {
      description:
        "What the provider, or the user, holds important: isImportant (Gmail's label, Outlook's high importance).",
    },
    STARRED: { description: 'Starred or flagged: isStarred.' },
  },
});
