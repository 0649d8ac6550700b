import type { Address } from './address.ts';

export interface Header {
  readonly name: string;
  /** Unfolded and decoded (RFC 2047). */
  readonly value: string;
}

export interface Attachment {
  /** Stable for this message: every read returns the same id for the same part. */
  readonly id: string;
  readonly filename: string | null;
  readonly mimeType: string;
  /** The size after decoding. Null: the provider does not report it. Exchange's size includes its own overhead. */
  readonly sizeBytes: number | null;
  /** Whether the body shows it (by cid), so that it is not listed as an attachment. */
  readonly isInline: boolean;
  /** Without angle brackets. */
  readonly contentId: string | null;
}

/** The part of a message that needs a larger read: the body and what is read with it. */
export interface MessageContent {
  /**
   * The text part. When the sender wrote none, the adapter derives it from the HTML. Null: there is neither. Deriving it from a
   * long HTML takes time, so it is done once, when this property is first read.
   */
  readonly text: string | null;
  /** Whether `text` was derived from the beginning of a longer HTML. Absent: `text` is complete. */
  readonly isTextTruncated?: boolean;
  /** The sender's HTML, unchanged. */
  readonly html: string | null;
  readonly attachments: readonly Attachment[];
  readonly headers: readonly Header[];
  /** Message-IDs without angle brackets, in header order. */
  readonly inReplyTo: readonly string[];
  readonly references: readonly string[];
}

/** A mail. Only its mailboxes and flags can change. Ids are the provider's own. */
export interface Message {
  readonly id: string;
  readonly threadId: string | null;
  readonly mailboxIds: readonly string[];
  readonly subject: string;
  /** One line of plain text without HTML entities, at most about 255 characters. */
  readonly snippet: string;
  readonly from: Address | null;
  readonly sender: Address | null;
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly bcc: readonly Address[];
  readonly replyTo: readonly Address[];
  /** The Date header. Null: it is absent or unreadable. */
  readonly sentAt: Date | null;
  /** When the provider received it. Lists are ordered by it. */
  readonly receivedAt: Date;
  /** Whether the message was delivered to this mailbox. False: it was written here. Absent: the provider does not report it. */
  readonly isReceived?: boolean;
  readonly isRead: boolean;
  readonly isStarred: boolean;
  readonly isDraft: boolean;
  readonly isImportant: boolean;
  /** Null: the provider does not report it. */
  readonly isAnswered: boolean | null;
  /** Null: only the full message shows it. */
  readonly hasAttachments: boolean | null;
  /** The Message-ID header, without angle brackets. */
  readonly internetMessageId: string | null;
  readonly sizeBytes: number | null;
  /** Null after an 'envelope' read. */
  readonly content: MessageContent | null;
}
