import type { Address } from './address.ts';

/** A file to be sent. Its bytes are read when they are sent to the provider, and may be read again for a retry. */
export interface ComposeAttachment {
  readonly filename: string;
  readonly mimeType: string;
  /** Bytes, exactly. */
  readonly sizeBytes: number;
  /** Without angle brackets; set for what the HTML shows by cid. */
  readonly contentId: string | null;
  open(signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

/** The message of the same account that a new one replies to or forwards: keeps it in the provider's own conversation. */
export interface ComposeOrigin {
  readonly kind: 'reply' | 'replyAll' | 'forward';
  readonly messageId: string;
  readonly threadId: string | null;
}

/** A message to be written, as plain parts; the adapter makes MIME or JSON of it. No field except the bodies contains CR or LF. */
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
  /** The Message-ID, without angle brackets. Chosen before the provider is called, so that the message can be found when the answer is lost. */
  readonly internetMessageId: string;
}
