import { z } from 'zod';

const MailboxIds = z.array(z.string()).readonly();

/**
 * What was updated about the mailboxes and flags of a message, in the terms of `Message`: the change log keeps it, so that a
 * reader of the log need not read the message again. It holds no content of mail, and does not say whether a draft's content
 * was updated too. A property that is absent was not told. Several updates of a message that are told as one have one detail,
 * which is their sum; where one of them is not known there is no detail at all, since half of one would be taken for the whole.
 */
export const ChangeDetail = z.object({
  /** Where the provider tells the difference (Gmail's history): ids as in `Message.mailboxIds`, each in one of the two lists. */
  mailboxIdsAdded: MailboxIds.optional(),
  mailboxIdsRemoved: MailboxIds.optional(),
  /** Where the provider tells the result (Graph's delta): all of `Message.mailboxIds` after the change. */
  mailboxIds: MailboxIds.optional(),
  /** The flags after the change, of which some may be what they were before. */
  isRead: z.boolean().optional(),
  isStarred: z.boolean().optional(),
  isImportant: z.boolean().optional(),
  isDraft: z.boolean().optional(),
});
export type ChangeDetail = z.infer<typeof ChangeDetail>;

/** The log keeps no detail that is longer as JSON: an account may have thousands of labels, and a message all of them. */
export const MAX_DETAIL_LENGTH = 4_096;
