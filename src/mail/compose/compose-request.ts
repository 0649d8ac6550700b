/** A recipient, as the client writes it. */
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
 * A message to write, as the client requests it. `Composer` makes a `Compose` of it. It is stored in this form until it is
 * sent, so its ids are global ids, and requests that an older release has stored must stay valid. Absent and null fields
 * come from the message that is replied to or forwarded, else from the draft that is revised.
 */
export interface ComposeRequest {
  readonly integration: string;
  readonly draft?: string | null;
  readonly ifVersion?: string | null;
  /** The address of one of the account's identities. */
  readonly from?: string | null;
  readonly to?: readonly RequestedAddress[] | null;
  readonly cc?: readonly RequestedAddress[] | null;
  readonly bcc?: readonly RequestedAddress[] | null;
  readonly replyTo?: readonly RequestedAddress[] | null;
  readonly subject?: string | null;
  readonly text?: string | null;
  readonly html?: string | null;
  readonly attachments?: readonly RequestedAttachment[] | null;
  /** The message to reply to. */
  readonly reply?: string | null;
  /** With `reply`: also address all recipients of the original. */
  readonly replyAll?: boolean | null;
  readonly forward?: string | null;
  /** With `reply` or `forward`: false omits the original. Absent: the original is quoted below the written body. */
  readonly quote?: boolean;
}
