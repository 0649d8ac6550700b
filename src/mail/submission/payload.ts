import { z } from 'zod';
import type { Sealer } from '../../platform/secrets/seal.ts';
import { SealedJsonBytes } from '../../platform/secrets/sealed-json.ts';
import type { ComposeRequest } from '../compose/compose-request.ts';

/** What a submission is to send: a message that is still to be written, or a draft as it stands by then. */
export type Payload =
  | { readonly kind: 'message'; readonly input: ComposeRequest }
  // Without a version in what an older release has stored.
  | { readonly kind: 'draft'; readonly ifVersion?: string | null };

const PURPOSE = 'submission';

/** Seals what people write, for as long as it is not sent. */
export class Payloads {
  private readonly sealed: SealedJsonBytes<z.ZodType<Payload>>;

  constructor(sealer: Sealer) {
    this.sealed = new SealedJsonBytes(sealer, PURPOSE, z.custom<Payload>());
  }

  seal(submissionId: string, payload: Payload): Uint8Array<ArrayBuffer> {
    return this.sealed.seal(submissionId, payload);
  }

  /** Null when it does not open: sealed under a key that is gone, or not for this submission. */
  open(submissionId: string, sealed: Uint8Array): Payload | null {
    return this.sealed.openOrNull(submissionId, sealed);
  }
}
