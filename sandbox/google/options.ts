import type { HeaderSpelling, SubjectThreads } from '../world.ts';

/** How the emulated Google Cloud project is set up. */
export interface GoogleOptions {
  readonly clientId: string;
  readonly clientSecret: string;
  /** The address in the OIDC token that Pub/Sub's push subscription signs its deliveries with. */
  readonly pushServiceAccount: string;
  /** Where the push subscription delivers to. */
  readonly pushEndpoint: () => string;
  /** The one topic that exists in the project. Default: projects/postern-sandbox/topics/mail. */
  readonly topic?: string;
  /** How headers are listed, in accounts that are not told otherwise. Default: written. */
  readonly headers?: HeaderSpelling;
  /** How many parts of a batch are answered, in accounts that are not told otherwise. Default: 50. */
  readonly batchWidth?: number;
  /** Whether a subject alone joins threads, in accounts that are not told otherwise. Default: join. */
  readonly subjectThreads?: SubjectThreads;
  /** Told of sent mail for addresses that take none here; absent: it goes nowhere. Bcc is gone from `raw`. */
  readonly deliverElsewhere?: (raw: Buffer, recipients: readonly string[]) => void;
}

/** Google advises against wider batches; 25 is what was measured in the field (amd/gaia#2720). */
export const DEFAULT_BATCH_WIDTH = 50;
export const DEFAULT_TOPIC = 'projects/postern-sandbox/topics/mail';
