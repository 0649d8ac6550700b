/** Somebody to write to, as the caller spells it. */
export interface RequestedAddress {
  readonly name?: string | null;
  readonly address: string;
}

/** A file to send: exactly one of `upload` and `attachment`, each a global id. */
export interface RequestedAttachment {
  readonly upload?: string | null;
  readonly attachment?: string | null;
  readonly filename?: string | null;
  readonly inlineContentId?: string | null;
}

/**
 * A message that is to be written, as the caller asks for it; `Composer` makes a `Compose` of it. Its ids are global ids, for
 * it is stored like this until it is sent: what an older release has stored must still be understood. What is left out or null
 * comes from the message that is answered or forwarded, else from the draft that is revised.
 */
export interface ComposeRequest {
  readonly integration: string;
  readonly draft?: string | null;
  readonly ifVersion?: string | null;
  /** An address of one of the account's identities. */
  readonly from?: string | null;
  readonly to?: readonly RequestedAddress[] | null;
  readonly cc?: readonly RequestedAddress[] | null;
  readonly bcc?: readonly RequestedAddress[] | null;
  readonly replyTo?: readonly RequestedAddress[] | null;
  readonly subject?: string | null;
  readonly text?: string | null;
  readonly html?: string | null;
  readonly attachments?: readonly RequestedAttachment[] | null;
  /** The message that this answers. */
  readonly reply?: string | null;
  /** With `reply`: to everybody whom the original was addressed to. */
  readonly replyAll?: boolean | null;
  readonly forward?: string | null;
  /** With `reply` or `forward`: false leaves the original out. Absent: it stands below what is written. */
  readonly quote?: boolean;
}
