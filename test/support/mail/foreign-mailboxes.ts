/** Ids that are no mailboxes, although some vendors list them beside their mailboxes. */
export const FOREIGN_MAILBOX_IDS = ['YELLOW_STAR', 'UNREAD', 'NEW_SYSTEM_LABEL'];
