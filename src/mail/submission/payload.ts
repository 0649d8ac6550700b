import { z } from 'zod';
import type { Sealer } from '../../platform/secrets/seal.ts';
import { SealedJsonBytes } from '../../platform/secrets/sealed-json.ts';
import type { ComposeRequest } from '../compose/compose-request.ts';

/** What a submission sends: a message that is composed when it is sent, or a draft in its revision at that time. */
export type Payload =
  | { readonly kind: 'message'; readonly input: ComposeRequest }
  // Payloads stored by an older release have no version.
  | { readonly kind: 'draft'; readonly ifVersion?: string | null };

const PURPOSE = 'submission';

/** Seals the content of a submission until it is sent. */
export class Payloads {
  private readonly sealed: SealedJsonBytes<z.ZodType<Payload>>;

  constructor(sealer: Sealer) {
    this.sealed = new SealedJsonBytes(sealer, PURPOSE, z.custom<Payload>());
  }

  seal(submissionId: string, payload: Payload): Uint8Array<ArrayBuffer> {
    return this.sealed.seal(submissionId, payload);
  }

  /** Null when the payload cannot be opened, because its key was removed or it belongs to another submission. */
  open(submissionId: string, sealed: Uint8Array): Payload | null {
    return this.sealed.openOrNull(submissionId, sealed);
  }
}
