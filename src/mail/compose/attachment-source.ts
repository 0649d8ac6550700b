import type { ComposeAttachment } from '../../domain/compose.ts';

/** Where files come from that the user has uploaded. */
export interface AttachmentSource {
  /** By its global id. Throws NOT_FOUND for an upload that is not this user's, was never made, or has expired; BAD_USER_INPUT for no id. */
  attachment(userId: string, uploadId: string): Promise<ComposeAttachment>;
}
