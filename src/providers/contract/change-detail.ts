import { z } from 'zod';

const MailboxIds = z.array(z.string()).readonly();

/**
 * How the mailboxes and flags of a message were updated, in the terms of `Message`. The change log stores it, so that its readers
 * need not read the message again. It contains no mail content and does not say whether a draft's content was updated too. The
 * provider did not report a property that is absent. Several updates that are reported as one have one detail, their sum; where
 * one of them is unknown there is no detail, because a partial one would be read as complete.
 */
export const ChangeDetail = z.object({
  /** For a provider that reports the difference (Gmail's history): ids as in `Message.mailboxIds`, each in one of the two lists. */
  mailboxIdsAdded: MailboxIds.optional(),
  mailboxIdsRemoved: MailboxIds.optional(),
  /** For a provider that reports the result (Graph's delta): all of `Message.mailboxIds` after the change. */
  mailboxIds: MailboxIds.optional(),
  /** The flags after the change. Some of them may be unchanged. */
  isRead: z.boolean().optional(),
  isStarred: z.boolean().optional(),
  isImportant: z.boolean().optional(),
  isDraft: z.boolean().optional(),
});
export type ChangeDetail = z.infer<typeof ChangeDetail>;

/** The maximum length of a stored detail as JSON. An account may have thousands of labels, and a message all of them. */
export const MAX_DETAIL_LENGTH = 4_096;
