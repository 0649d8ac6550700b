/** A mail that emulators store. Their state (labels, folders, history) is their own. */
export interface Mail {
  /** The same at each start for the same mail. */
  readonly key: string;
  readonly receivedAt: Date;
  readonly placement: Placement;
  /** Cheap to read: a generated mail has it without being built or parsed. */
  readonly envelope: Envelope;
  /** Returns the message as RFC 5322, which is built or read on demand. */
  raw(): Buffer;
  /** Returns the MIME tree, which is parsed on demand and cached for a while. Never throws: unreadable parts are empty. */
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
  /** The Message-ID with angle brackets, as in the header. Null when there is none. */
  readonly messageId: string | null;
  readonly inReplyTo: readonly string[];
  readonly references: readonly string[];
  /** The first words of the text, or of the HTML when the text is blank, for Gmail's snippet. Hidden words count, as they do at the vendors. */
  readonly preview: string;
  /** The first words of the one body that Exchange stores, which is the HTML when there is one. */
  readonly bodyPreview: string;
  readonly hasAttachment: boolean;
  readonly size: number;
}
export interface Person {
  readonly name: string;
  readonly address: string;
}

/** The place and the flags of a delivered mail, in terms that every vendor has. */
export interface Placement {
  /** A system mailbox, or the name of a user's own folder (Outlook) or label (Gmail), which is created when it is new. */
  readonly mailbox: 'inbox' | 'sent' | 'archive' | 'drafts' | 'trash' | 'junk' | { readonly name: string };
  /** Further user labels (Gmail) or categories (Outlook). */
  readonly labels: readonly string[];
  readonly isRead: boolean;
  readonly isStarred: boolean;
  readonly isImportant: boolean;
}

/** One node of the MIME tree. */
export interface MimePart {
  /** The type in lower case, without parameters, for example "text/plain". */
  readonly mimeType: string;
  /** The headers in order, unfolded. `value` has its encoded words decoded (RFC 2047), and `rawValue` has not. */
  readonly headers: readonly { readonly name: string; readonly value: string; readonly rawValue: string }[];
  readonly filename: string | null;
  readonly disposition: 'inline' | 'attachment' | null;
  /** The Content-ID without angle brackets. */
  readonly contentId: string | null;
  readonly children: readonly MimePart[];
  /** Returns the bytes without transfer encoding. Empty for multipart. */
  content(): Buffer;
  /** Returns content() decoded by its charset. */
  text(): string;
}
