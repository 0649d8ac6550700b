/** What both emulators are fed with. They keep their own state (labels, folders, history); this is the mail itself. */
export interface Mail {
  /** Stable: the same mail has the same key at each start. */
  readonly key: string;
  readonly receivedAt: Date;
  readonly placement: Placement;
  /** Cheap: known without building or parsing the message where it was generated. */
  readonly envelope: Envelope;
  /** The message as RFC 5322; built or read on demand. */
  raw(): Buffer;
  /** Parsed on demand; cached for a while. Never throws: what cannot be read is as empty as it has to be. */
  mime(): MimePart;
}

export interface Envelope {
  readonly subject: string;
  readonly from: Person | null;
  readonly sender: Person | null;
  readonly to: readonly Person[];
  readonly cc: readonly Person[];
  readonly bcc: readonly Person[];
  readonly replyTo: readonly Person[];
  /** The Date header. */
  readonly date: Date | null;
  /** With angle brackets, as in the header; null when there is none. */
  readonly messageId: string | null;
  readonly inReplyTo: readonly string[];
  readonly references: readonly string[];
  /** First words of the text, and of the HTML where that is blank: Gmail's snippet. Hidden ones count, as with the vendors. */
  readonly preview: string;
  /** First words of the one body that Exchange keeps, which is the HTML where there is one. */
  readonly bodyPreview: string;
  readonly hasAttachment: boolean;
  readonly size: number;
}
export interface Person {
  readonly name: string;
  readonly address: string;
}

/** Where a delivery puts the mail, in words that both vendors can be told. */
export interface Placement {
  /** A system place, or the name of a user's own folder (Outlook) or label (Gmail), created when it is new. */
  readonly mailbox: 'inbox' | 'sent' | 'archive' | 'drafts' | 'trash' | 'junk' | { readonly name: string };
  /** Further user labels (Gmail) or categories (Outlook). */
  readonly labels: readonly string[];
  readonly isRead: boolean;
  readonly isStarred: boolean;
  readonly isImportant: boolean;
}

/** One node of the MIME tree. */
export interface MimePart {
  /** Lower case, without parameters: "text/plain". */
  readonly mimeType: string;
  /** In order, unfolded; `value` has its encoded words decoded (RFC 2047), `rawValue` not. */
  readonly headers: readonly { readonly name: string; readonly value: string; readonly rawValue: string }[];
  readonly filename: string | null;
  readonly disposition: 'inline' | 'attachment' | null;
  /** Without angle brackets. */
  readonly contentId: string | null;
  readonly children: readonly MimePart[];
  /** Transfer-decoded bytes; empty for multipart. */
  content(): Buffer;
  /** content() decoded by its charset. */
  text(): string;
}
