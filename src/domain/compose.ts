import type { Address } from './address.ts';

/** A file to send. Its bytes are read while they are sent to the provider, and may be read again for a retry. */
export interface ComposeAttachment {
  readonly filename: string;
  readonly mimeType: string;
  /** The exact size. */
  readonly sizeBytes: number;
  /** Without angle brackets. It is set for a file that the HTML shows by cid. */
  readonly contentId: string | null;
  open(signal: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

/** The message of the same account that the new one replies to or forwards. It keeps the new one in the provider's conversation. */
export interface ComposeOrigin {
  readonly kind: 'reply' | 'replyAll' | 'forward';
  readonly messageId: string;
  readonly threadId: string | null;
}

/** A message to write. The adapter converts it to MIME or JSON. No field except the bodies contains CR or LF. */
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
  /** The Message-ID, without angle brackets. It is chosen before the provider is called, so that the message can be found when the answer is lost. */
  readonly internetMessageId: string;
}
