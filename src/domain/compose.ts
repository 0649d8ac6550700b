import type { Address } from './address.ts';

/** A file to be sent. Its bytes are read when the provider takes them, and may be read again for another try. */
export interface ComposeAttachment {
  readonly filename: string;
  readonly mimeType: string;
  /** Bytes, exactly. */
  readonly sizeBytes: number;
  /** Without angle brackets; set for what the HTML shows by cid. */
  readonly contentId: string | null;
  open(signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

/** The message of the same account that a new one answers or passes on: keeps the provider's own conversation. */
export interface ComposeOrigin {
  readonly kind: 'reply' | 'replyAll' | 'forward';
  readonly messageId: string;
  readonly threadId: string | null;
}

/** A message to be written, as plain parts; the adapter makes MIME or JSON of it. No field holds CR or LF but the bodies. */
export interface Compose {
  readonly from: Address | null;
  readonly to: readonly Address[];
  readonly cc: readonly Address[];
  readonly bcc: readonly Address[];
  readonly replyTo: readonly Address[];
  readonly subject: string;
  readonly text: string | null;
  readonly html: string | null;
  readonly attachments: readonly ComposeAttachment[];
  /** Message-IDs without angle brackets, oldest first. */
  readonly inReplyTo: readonly string[];
  readonly references: readonly string[];
  readonly origin: ComposeOrigin | null;
  /** Chosen by us before the provider is asked, without angle brackets, so that a lost answer can be asked after. */
  readonly internetMessageId: string;
}
