import type { MailErrorCode } from '../../domain/error.ts';

/** Why an upload is not taken, in words for who sent it. */
export class UploadRefusal extends Error {
  override readonly name = 'UploadRefusal';

  constructor(
    readonly status: number,
    readonly code: MailErrorCode,
    message: string,
    /** For programs. */
    readonly figures: Readonly<Record<string, number>> = {},
  ) {
    super(message);
  }
}
