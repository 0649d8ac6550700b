import { registerEnumType } from 'type-graphql';
import { MAILBOX_ROLES, type MailboxRole } from '../domain/mailbox.ts';

export const MailboxRoleEnum = Object.fromEntries(MAILBOX_ROLES.map((role) => [role, role])) as {
  [R in MailboxRole]: R;
};

registerEnumType(MailboxRoleEnum, {
  name: 'MailboxRole',
  description: 'What a mailbox is for (RFC 6154, JMAP), whatever its name and in whatever language.',
  valuesConfig: {
    INBOX: { description: 'Where new mail arrives.' },
    ARCHIVE: { description: 'Put away, and kept.' },
    DRAFTS: { description: 'Not sent yet.' },
    SENT: { description: 'Copies of what was sent.' },
    TRASH: { description: 'Thrown away; the provider empties it after a while.' },
    JUNK: { description: 'Unwanted, by the provider or by the user.' },
    ALL: { description: 'Everything but trash and junk, where the provider has such a mailbox.' },
    IMPORTANT: { description: 'What the provider, or the user, holds important.' },
    STARRED: { description: 'Starred or flagged.' },
  },
});
