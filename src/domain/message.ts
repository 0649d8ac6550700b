import type { Address } from './address.ts';

export interface Header {
  readonly name: string;
  /** Unfolded and decoded (RFC 2047). */
  readonly value: string;
}

export interface Attachment {
  /** Stable for this message: the same part has the same id on every read. */
  readonly id: string;
  readonly filename: string | null;
  readonly mimeType: string;
  /** Bytes after decoding; null where the provider does not tell. Some (Exchange) count their own overhead too. */
  readonly sizeBytes: number | null;
  /** Shown inside the body (referenced by cid), not listed beside it. */
  readonly isInline: boolean;
  /** Without angle brackets. */
  readonly contentId: string | null;
}

/** The part of a message that needs a second, larger read: the body and everything that is read with it. */
export interface MessageContent {
  /**
   * The text part; derived from the HTML by the adapter when the sender wrote none. Null when there is neither. Deriving it
   * takes long for a long HTML: it is done when this is first read, and once.
   */
  readonly text: string | null;
  /** Whether `text` was derived from the beginning of a longer HTML. Absent: it is whole. */
  readonly isTextTruncated?: boolean;
  /** What the sender wrote, untouched. */
  readonly html: string | null;
  readonly attachments: readonly Attachment[];
  readonly headers: readonly Header[];
  /** Message-IDs without angle brackets, in header order. */
  readonly inReplyTo: readonly string[];
  readonly references: readonly string[];
}

/** One mail; immutable but for its mailboxes and flags. Ids are the provider's own. */
export interface Message {
  readonly id: string;
  readonly threadId: string | null;
  readonly mailboxIds: readonly string[];
  readonly subject: string;
  /** Plain text, one line, at most about 255 characters, no HTML entities. */
  readonly snippet: string;
  readonly from: Address | null;
  readonly sender: Address | null;
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly bcc: readonly Address[];
  readonly replyTo: readonly Address[];
  /** The Date header; null when absent or unreadable. */
  readonly sentAt: Date | null;
  /** When the provider received it. Lists are ordered by it. */
  readonly receivedAt: Date;
  /** Whether mail transport brought it into this mailbox; false of what was written in it. Absent where the provider does not tell. */
  readonly isReceived?: boolean;
  readonly isRead: boolean;
  readonly isStarred: boolean;
  readonly isDraft: boolean;
  readonly isImportant: boolean;
  /** Null when the provider does not report it. */
  readonly isAnswered: boolean | null;
  /** Null when only the full message has the answer. */
  readonly hasAttachments: boolean | null;
  /** The Message-ID header, without angle brackets. */
  readonly internetMessageId: string | null;
  readonly sizeBytes: number | null;
  /** Null after an 'envelope' read. */
  readonly content: MessageContent | null;
}
